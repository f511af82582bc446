package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// A Store is the URL of a destination taken apart: exactly one field is set.
type Store struct {
	S3    *S3
	GCS   *GCS
	Azure *Azure
	File  *File
}

// S3 is a bucket, or the part of one below Prefix.
type S3 struct {
	Bucket    string
	Prefix    string // without slashes at its ends; may be empty
	Region    string // empty: as the AWS chain has it
	Endpoint  string // empty: Amazon's for the region
	PathStyle bool   // the bucket in the path in place of the host name
}

// GCS is a bucket of Google Cloud Storage, or the part of one below Prefix.
type GCS struct {
	Bucket, Prefix string
	Endpoint       string // empty: Google's
}

// Azure is a container of Azure Blob Storage, or the part of one below Prefix.
type Azure struct {
	Account, Container, Prefix string
	Endpoint                   string // of the account; empty: https://ACCOUNT.blob.core.windows.net
}

// File is a directory.
type File struct {
	Dir string
}

const knownSchemes = "s3://bucket, gs://bucket, azblob://account/container or file:///folder"

// scheme is that of a URL, which is the same in capitals.
func scheme(url string) string {
	before, _, _ := strings.Cut(url, ":")
	return strings.ToLower(before)
}

// ParseStore reads the URL of a destination: s3://bucket/prefix with the
// parameters region, endpoint and path_style, gs://bucket/prefix or
// azblob://account/container/prefix with endpoint, file:///absolute/folder, or
// file:folder for one below the working directory. What it does not know it
// refuses. Its errors do not quote the URL, which may hold a password.
func ParseStore(s string) (Store, error) {
	u, err := url.Parse(s)
	if err != nil {
		return Store{}, errors.New("not a URL; write " + knownSchemes)
	}
	switch {
	case u.User != nil:
		return Store{}, errors.New("holds a user or a password; keys go into credentials")
	case u.Fragment != "":
		return Store{}, errors.New(`has a "#"; write it as %23`)
	}
	switch u.Scheme {
	case "s3":
		s := &S3{}
		return Store{S3: s}, s.parse(u)
	case "gs":
		s := &GCS{}
		return Store{GCS: s}, s.parse(u)
	case "azblob":
		s := &Azure{}
		return Store{Azure: s}, s.parse(u)
	case "file":
		return parseFile(u)
	case "":
		return Store{}, errors.New("has no scheme; write " + knownSchemes)
	}
	return Store{}, fmt.Errorf("%s:// is not known; write "+knownSchemes, clip(u.Scheme))
}

func parseFile(u *url.URL) (Store, error) {
	dir := u.Path
	if u.Opaque != "" {
		var err error
		if dir, err = url.PathUnescape(u.Opaque); err != nil {
			return Store{}, errors.New("not a URL; write " + knownSchemes)
		}
	}
	switch {
	case u.Host != "":
		return Store{}, fmt.Errorf("names the host %q; an absolute folder has three slashes, file:///folder", clip(u.Host))
	case dir == "":
		return Store{}, errors.New("names no folder; write file:///folder")
	case strings.HasPrefix(dir, "~"):
		return Store{}, errors.New("begins with ~, which no shell expands here; write the whole path, file:///home/you/folder")
	case u.RawQuery != "":
		return Store{}, errors.New("a file URL has no parameters; leave out what begins with the question mark")
	case strings.ContainsRune(dir, 0):
		return Store{}, errors.New("has a control character; take it out")
	}
	return Store{File: &File{Dir: dir}}, nil
}
