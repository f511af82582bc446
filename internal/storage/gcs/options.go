package gcs

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

const (
	// PartUnit is what a part size is a multiple of, and the smallest one.
	PartUnit = 256 << 10
	// MaxPartSize is the largest part size.
	MaxPartSize = 1 << 30

	defaultPartSize = 8 << 20
	defaultAttempts = 7

	google = "https://storage.googleapis.com"
)

// Options say where a Store is and how it writes. Only Bucket is needed.
type Options struct {
	Bucket string
	Prefix string // all keys lie below it; with or without a "/" at its end

	// Endpoint is the server's URL. "": what the environment variable
	// STORAGE_EMULATOR_HOST names, as for all of Google's SDKs, or Google's.
	Endpoint string
	CAFile   string // PEM; trusted beside the system's authorities

	// ServiceAccount is the JSON of a service account's key. "": the application
	// default credentials, which are the file that GOOGLE_APPLICATION_CREDENTIALS
	// names, gcloud's, or the machine's, with workload identity.
	ServiceAccount string
	// Anonymous asks without credentials. It is taken for set where
	// STORAGE_EMULATOR_HOST is, unless both Endpoint and ServiceAccount are given.
	Anonymous bool

	// Keys are the Cloud KMS keys to encrypt with by kind
	// (storage.PutOptions.Kind), by their full names; the one of "" is for kinds
	// that have none. Where there is none at all, the bucket's default holds,
	// unchecked. A Put whose answer does not confirm the key fails, and the
	// object does not stay.
	Keys map[string]string

	// PartSize is how much of an object is sent at once, and about what each Put
	// holds in memory: a multiple of PartUnit. 0: 8 MiB.
	PartSize int64
	// Attempts is how often a request that writes is made before it fails; one
	// that reads, at most three times. 0: 7, within about half a minute.
	Attempts int
	// Silence is how long a connection may carry nothing before it is given
	// up. 0: two minutes.
	Silence time.Duration
	// Bandwidth bounds all traffic with the server; nil does not.
	Bandwidth *storage.Bandwidth
}

// complete checks the options and puts the defaults in.
func (o *Options) complete() error {
	if o.Bucket == "" {
		return errors.New("no bucket given")
	}
	if o.Prefix = strings.Trim(o.Prefix, "/"); o.Prefix != "" {
		if err := storage.CheckKey(o.Prefix); err != nil {
			return fmt.Errorf("prefix: %w", err)
		}
		o.Prefix += "/"
	}
	if o.ServiceAccount != "" && o.Anonymous {
		return errors.New("a service account's key and no credentials exclude each other")
	}
	if err := o.completeEndpoint(); err != nil {
		return err
	}
	if o.PartSize == 0 {
		o.PartSize = defaultPartSize
	}
	if o.PartSize < PartUnit || o.PartSize > MaxPartSize || o.PartSize%PartUnit != 0 {
		return fmt.Errorf("part size %d is not a multiple of %d between that and %d", o.PartSize, PartUnit, MaxPartSize)
	}
	if o.Attempts == 0 {
		o.Attempts = defaultAttempts
	}
	if o.Attempts < 0 || o.Silence < 0 {
		return errors.New("attempts and silence cannot be negative")
	}
	for _, key := range o.Keys {
		if !keyName.MatchString(key) {
			return fmt.Errorf("key %q is not like projects/P/locations/L/keyRings/R/cryptoKeys/K", key)
		}
	}
	return nil
}

var keyName = regexp.MustCompile(`^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$`)

func (o *Options) completeEndpoint() error {
	if emulator := os.Getenv("STORAGE_EMULATOR_HOST"); emulator != "" {
		// Credentials are not for it, whatever they are for.
		o.Anonymous = o.Anonymous || o.Endpoint == "" || o.ServiceAccount == ""
		if o.Endpoint == "" {
			if !strings.Contains(emulator, "://") {
				emulator = "http://" + emulator
			}
			o.Endpoint = emulator
		}
	}
	if o.Endpoint == "" {
		o.Endpoint = google
	}
	o.Endpoint = strings.TrimSuffix(o.Endpoint, "/")
	u, err := url.Parse(o.Endpoint)
	if err == nil && u.User != nil { // not shown: it may hold a password
		return errors.New("the endpoint names a user; credentials are given otherwise")
	}
	if err != nil || u.Host == "" || o.Endpoint != u.Scheme+"://"+u.Host || (u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("endpoint %q is not an http or https URL of a host only", o.Endpoint)
	}
	if u.Scheme == "http" && !o.Anonymous && !loopback(u.Hostname()) {
		return hint.Wrap(fmt.Errorf("endpoint %s would show the credentials to all on the way", o.Endpoint),
			"use https, or set STORAGE_EMULATOR_HOST if it is an emulator that wants no credentials")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
