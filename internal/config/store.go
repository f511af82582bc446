package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A Store is the URL of a destination taken apart: exactly one field is set.
type Store struct {
	S3   *S3
	File *File
}

// S3 is a bucket, or the part of one below Prefix.
type S3 struct {
	Bucket    string
	Prefix    string // without slashes at its ends; may be empty
	Region    string // empty: as the AWS chain has it
	Endpoint  string // empty: Amazon's for the region
	PathStyle bool   // the bucket in the path in place of the host name
}

// File is a directory.
type File struct {
	Dir string
}

// ParseStore reads the URL of a destination: s3://bucket/prefix with the
// parameters region, endpoint and path_style, file:///absolute/folder, or
// file:folder for one below the working directory. What it does not know it
// refuses. Its errors do not quote the URL, which may hold a password.
func ParseStore(s string) (Store, error) {
	u, err := url.Parse(s)
	if err != nil {
		return Store{}, errors.New("not a URL")
	}
	switch {
	case u.User != nil:
		return Store{}, errors.New("holds a user or a password; keys for S3 go into credentials")
	case u.Fragment != "":
		return Store{}, errors.New(`has a "#"; write it as %23`)
	}
	switch u.Scheme {
	case "s3":
		return parseS3(u)
	case "file":
		return parseFile(u)
	case "":
		return Store{}, errors.New("has no scheme; write s3://bucket or file:///folder")
	}
	return Store{}, fmt.Errorf("%s:// is not known; write s3://bucket or file:///folder", clip(u.Scheme))
}

func parseFile(u *url.URL) (Store, error) {
	dir := u.Path
	if u.Opaque != "" {
		var err error
		if dir, err = url.PathUnescape(u.Opaque); err != nil {
			return Store{}, errors.New("not a URL")
		}
	}
	switch {
	case u.Host != "":
		return Store{}, fmt.Errorf("names the host %q; an absolute folder has three slashes, file:///folder", clip(u.Host))
	case dir == "":
		return Store{}, errors.New("names no folder; write file:///folder")
	case u.RawQuery != "":
		return Store{}, errors.New("a file URL has no parameters")
	case strings.ContainsRune(dir, 0):
		return Store{}, errors.New("has a control character")
	}
	return Store{File: &File{Dir: dir}}, nil
}

func parseS3(u *url.URL) (Store, error) {
	s := &S3{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/")}
	switch {
	case s.Bucket == "":
		return Store{}, errors.New("names no bucket; write s3://bucket/prefix")
	case strings.Contains(s.Bucket, ":"):
		return Store{}, errors.New("has a port; another S3 server goes into ?endpoint=https://host:port")
	}
	for part := range strings.SplitSeq(s.Prefix, "/") {
		if s.Prefix != "" && (part == "" || part == "." || part == "..") {
			return Store{}, errors.New(`has an empty or dotted part in its prefix`)
		}
	}
	if strings.ContainsFunc(s.Prefix, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' || r == '�' }) {
		return Store{}, errors.New("has a character in its prefix that is not allowed")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Store{}, errors.New("has parameters that cannot be read")
	}
	keys := make([]string, 0, len(query))
	for key := range query {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if err := s.parameter(key, query[key]); err != nil {
			return Store{}, err
		}
	}
	return Store{S3: s}, nil
}

func (s *S3) parameter(key string, values []string) error {
	if len(values) > 1 {
		return fmt.Errorf("has the parameter %q twice", clip(key))
	}
	value := values[0]
	switch key {
	case "region":
		s.Region = value
	case "endpoint":
		e, err := url.Parse(value)
		if err != nil || e.Scheme != "http" && e.Scheme != "https" || e.Host == "" || e.User != nil || e.RawQuery != "" {
			return errors.New("has an endpoint that is not http://host or https://host")
		}
		s.Endpoint = value
	case "path_style":
		b, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("has a path_style that is neither true nor false")
		}
		s.PathStyle = b
	default:
		return fmt.Errorf("has an unknown parameter %q; known are region, endpoint and path_style", clip(key))
	}
	return nil
}
