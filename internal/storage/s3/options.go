package s3

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// The bounds of a part, and how many an object may have, are Amazon's.
const (
	MinPartSize = 5 << 20
	MaxPartSize = 5 << 30

	defaultPartSize    = 8 << 20
	defaultConcurrency = 3
	defaultAttempts    = 7
)

// When checksums are sent.
const (
	ChecksumsSupported = "when_supported" // a CRC32 with every object and part
	ChecksumsRequired  = "when_required"  // none: for servers that refuse them
)

// Options say where a Store is and how it writes. Only Bucket is needed.
type Options struct {
	Bucket string
	Prefix string // all keys lie below it; with or without a "/" at its end

	Region    string // "": the environment's; with an Endpoint, us-east-1
	Endpoint  string // "": Amazon's; else a URL
	PathStyle bool   // https://endpoint/bucket/key, as most other servers want it
	CAFile    string // PEM; trusted beside the system's authorities

	// AccessKey and SecretKey; where they are empty, the SDK's chain:
	// environment, shared files, web identity, container, instance.
	AccessKey, SecretKey, SessionToken string

	// AssumeRole, if its ARN is set, is a role that these credentials take on.
	AssumeRole AssumeRole

	SSE SSE

	// PartSize is that of the first parts of an object; then they grow, because
	// an object may have 10,000 parts only. With 8 MiB, a Put holds 32 MiB for
	// objects of up to 10 GiB, 48 MiB up to 100 GiB, 384 MiB up to 320 GiB,
	// 1 GiB up to 1 TiB and 3.6 GiB up to 5 TiB; larger parts hold more at first
	// and less in the end, such as 1.5 GiB for 128 MiB. Some servers want all
	// parts in one size: they take objects of up to 1,300*PartSize. 0: 8 MiB.
	PartSize    int64
	Concurrency int // parts of PartSize that are sent at once by each Put. 0: 3

	// Attempts is how often a request that writes is made before it fails; one
	// that reads, at most three times. 0: 7, which outlasts half a minute.
	Attempts int
	// Silence is how long a connection may carry nothing before it is given
	// up. 0: two minutes.
	Silence time.Duration
	// Bandwidth bounds all traffic with the server; nil does not.
	Bandwidth *storage.Bandwidth

	// Checksums is ChecksumsSupported (also "") or ChecksumsRequired. The
	// checksum travels as a header and never as a trailer, so it works
	// without TLS too.
	Checksums string
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
	if o.Endpoint != "" {
		if u, err := url.Parse(o.Endpoint); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return fmt.Errorf("endpoint %q is not an http or https URL", o.Endpoint)
		}
	}
	if (o.AccessKey == "") != (o.SecretKey == "") {
		return errors.New("an access key and a secret key go together")
	}
	if o.PartSize == 0 {
		o.PartSize = defaultPartSize
	}
	if o.PartSize < MinPartSize || o.PartSize > MaxPartSize {
		return fmt.Errorf("part size %d is not between %d and %d", o.PartSize, MinPartSize, MaxPartSize)
	}
	if o.Concurrency == 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.Attempts == 0 {
		o.Attempts = defaultAttempts
	}
	if o.Concurrency < 0 || o.Attempts < 0 || o.Silence < 0 {
		return errors.New("concurrency, attempts and silence cannot be negative")
	}
	switch o.Checksums {
	case "":
		o.Checksums = ChecksumsSupported
	case ChecksumsSupported, ChecksumsRequired:
	default:
		return fmt.Errorf("checksums %q is neither %s nor %s", o.Checksums, ChecksumsSupported, ChecksumsRequired)
	}
	return o.SSE.check()
}
