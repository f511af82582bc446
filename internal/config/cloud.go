package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// parameters are what may stand behind the "?" of a store's URL.
type parameters map[string]func(value string) error

// parseBucket reads the URL of a cloud's store: what stands for the host, and
// the path without its outer slashes.
func parseBucket(u *url.URL, host string, known parameters) (name, path string, err error) {
	name, path = u.Host, strings.Trim(u.Path, "/")
	switch {
	case name == "":
		return "", "", fmt.Errorf("names no %s", host)
	case strings.Contains(name, ":"):
		return "", "", errors.New("has a port; another server goes into ?endpoint=https://host:port")
	}
	for part := range strings.SplitSeq(path, "/") {
		if path != "" && (part == "" || part == "." || part == "..") {
			return "", "", errors.New("has an empty or dotted part in its prefix; leave that part out")
		}
	}
	if strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' || r == '\ufffd' }) {
		return "", "", errors.New("has a character in its prefix that is not allowed; use letters, digits and the like")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", "", errors.New("has parameters that cannot be read; write ?name=value&name=value")
	}
	for _, key := range slices.Sorted(maps.Keys(query)) {
		switch set := known[key]; {
		case set == nil:
			return "", "", fmt.Errorf("has an unknown parameter %q; known: %s", clip(key), strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		case len(query[key]) > 1:
			return "", "", fmt.Errorf("has the parameter %q twice; keep one of them", clip(key))
		default:
			if err := set(query[key][0]); err != nil {
				return "", "", err
			}
		}
	}
	return name, path, nil
}

func endpoint(to *string) func(string) error {
	return func(value string) error {
		e, err := url.Parse(value)
		if err != nil || e.Scheme != "http" && e.Scheme != "https" || e.Host == "" || e.User != nil || e.RawQuery != "" {
			return errors.New("has an endpoint that is not http://host or https://host; write endpoint=https://host:port")
		}
		*to = value
		return nil
	}
}

func (s *S3) parse(u *url.URL) (err error) {
	s.Bucket, s.Prefix, err = parseBucket(u, "bucket; write s3://bucket/prefix", parameters{
		"endpoint": endpoint(&s.Endpoint),
		"region":   func(value string) error { s.Region = value; return nil },
		"path_style": func(value string) (err error) {
			if s.PathStyle, err = strconv.ParseBool(value); err != nil {
				err = errors.New("has a path_style that is neither true nor false; write path_style=true")
			}
			return err
		},
	})
	return err
}

func (s *GCS) parse(u *url.URL) (err error) {
	s.Bucket, s.Prefix, err = parseBucket(u, "bucket; write gs://bucket/prefix", parameters{"endpoint": endpoint(&s.Endpoint)})
	return err
}

func (s *Azure) parse(u *url.URL) error {
	account, path, err := parseBucket(u, "account; write azblob://account/container/prefix", parameters{"endpoint": endpoint(&s.Endpoint)})
	if err != nil {
		return err
	}
	s.Account = account
	s.Container, s.Prefix, _ = strings.Cut(path, "/")
	if s.Container == "" {
		return errors.New("names no container; write azblob://account/container/prefix")
	}
	return nil
}
