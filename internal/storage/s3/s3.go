// Package s3 keeps objects in a bucket of Amazon S3 or of a server that speaks
// its protocol. It is the only importer of the AWS SDK.
//
// # What a server must be able to do
//
// Conditional writes (If-None-Match: *) on PutObject and
// CompleteMultipartUpload, multipart uploads and ListObjectsV2. A server that
// ignores the condition lets a Put replace an object.
//
// # Retries
//
// The SDK's standard retryer sends again what the network or the server
// dropped. It only ever sends bytes that are in memory: the stream that is
// stored is read once, and its errors are never taken for the network's. When
// the answer to a write was lost, the object itself tells by a token in its
// metadata whether the write took place.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/transport"
)

// The bounds of a part, and how many an object may have, are Amazon's.
const (
	MinPartSize = 5 << 20
	MaxPartSize = 5 << 30
	maxParts    = 10_000

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

	// PartSize is that of the first parts of an object, and about
	// PartSize*(Concurrency+1) bytes are held by each Put. As an object may have
	// 10,000 parts only, they grow after each 1,300*PartSize bytes by another
	// PartSize, so that 5 TiB fit. Some servers want all parts in one size: they
	// take objects of up to 1,300*PartSize. 0: 8 MiB, 10 GiB in one size.
	PartSize    int64
	Concurrency int // parts that are sent at once by each Put. 0: 3

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

// A Store is a bucket, or what lies below a prefix of it.
type Store struct {
	o      Options
	prefix string // "" or ends in "/"
	client *s3.Client
	web    http.RoundTripper
}

var (
	_ storage.Store  = (*Store)(nil)
	_ storage.Ranger = (*Store)(nil)
	_ storage.Locker = (*Store)(nil)
	_ storage.Thawer = (*Store)(nil)
	_ storage.Clock  = (*Store)(nil)
)

// Open returns the store that o describes. It looks for settings and
// credentials on this machine but does not ask the server for anything.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open s3 store: %w", err)
	}
	return s, nil
}

func open(ctx context.Context, o Options) (*Store, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	connect, err := transport.Options{CAFile: o.CAFile, Silence: o.Silence, Bandwidth: o.Bandwidth}.Load()
	if err != nil {
		return nil, err
	}
	// The SDK's own timeout counts an upload of which the answer is still to
	// come as silence.
	web := awshttp.NewBuildableClient().WithReadTimeout(0).WithTransportOptions(connect)
	load := []func(*config.LoadOptions) error{config.WithHTTPClient(web)}
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	if o.AccessKey != "" {
		load = append(load, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(o.AccessKey, o.SecretKey, o.SessionToken)))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, err
	}
	if o.AssumeRole.ARN != "" {
		cfg.Credentials = o.AssumeRole.provider(cfg)
	}
	switch {
	case cfg.Region != "":
	case o.Endpoint != "":
		cfg.Region = "us-east-1"
	default:
		return nil, hint.Wrap(errors.New("no region given"), "add ?region=… to the destination's URL, or set AWS_REGION")
	}
	s := &Store{o: o, prefix: o.Prefix, web: web.GetTransport()}
	s.client = s3.NewFromConfig(cfg, func(c *s3.Options) {
		if o.Endpoint != "" {
			c.BaseEndpoint = aws.String(o.Endpoint)
		}
		c.UsePathStyle = o.PathStyle
		c.RetryMaxAttempts = min(o.Attempts, 3)
		c.Credentials = &provider{c.Credentials}
		// The store sends checksums itself, and every reader of this module
		// proves what it reads by better ones.
		c.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
	return s, nil
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

// key returns the key in the bucket.
func (s *Store) key(key string) (string, error) {
	if err := storage.CheckKey(key); err != nil {
		return "", err
	}
	if s.prefix != "" {
		if err := storage.CheckKey(s.prefix + key); err != nil { // its length
			return "", err
		}
	}
	return s.prefix + key, nil
}
