// Package s3 keeps objects in a bucket of Amazon S3 or of a server that speaks
// its protocol. It is the only importer of the AWS SDK.
//
// # What a server must be able to do
//
// Conditional writes (If-None-Match: *) on PutObject and
// CompleteMultipartUpload, multipart uploads and ListObjectsV2. A server that
// ignores the condition lets a Put replace an object.
//
// A lock needs a bucket with Object Lock, and a server that tells of the lock
// of an object (GetObjectRetention): what is not confirmed counts as none.
//
// # Rights
//
// To back up, s3:PutObject and s3:AbortMultipartUpload are enough, with a lock
// also s3:PutObjectRetention and s3:GetObjectRetention. To restore:
// s3:ListBucket and s3:GetObject, and s3:RestoreObject from cold storage. To
// prune, also s3:DeleteObject and, where there are versions,
// s3:DeleteObjectVersion.
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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/transport"
)

// A Store is a bucket, or what lies below a prefix of it.
type Store struct {
	o      Options
	prefix string // "" or ends in "/"
	client *s3.Client
	web    http.RoundTripper
	steps  []step // in which the parts grow
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
	load := []func(*config.LoadOptions) error{config.WithHTTPClient(web), config.WithLogger(logging.Nop{})}
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
	switch {
	case cfg.Region != "":
	case o.Endpoint != "":
		cfg.Region = "us-east-1"
	default:
		return nil, hint.Wrap(errors.New("no region given"), "add ?region=… to the destination's URL, or set AWS_REGION")
	}
	if o.AssumeRole.ARN != "" {
		cfg.Credentials = o.AssumeRole.provider(cfg)
	}
	s := &Store{o: o, prefix: o.Prefix, web: web.GetTransport(), steps: steps}
	s.client = s3.NewFromConfig(cfg, func(c *s3.Options) {
		if o.Endpoint != "" {
			c.BaseEndpoint = aws.String(o.Endpoint)
		}
		c.UsePathStyle = o.PathStyle
		c.Retryer, c.RetryMaxAttempts = retryer(), min(o.Attempts, 3)
		c.Credentials = &provider{c.Credentials}
		// The store sends checksums itself, and every reader of this module
		// proves what it reads by better ones.
		c.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
	return s, nil
}

// retryer is the SDK's standard one, which also waits where a server says that
// there were too many requests, or that two writers met and neither won yet.
func retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.Retryables = append(o.Retryables,
			retry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}},
			retry.RetryableErrorCode{Codes: map[string]struct{}{"ConditionalRequestConflict": {}}})
	})
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
