// Package gcs keeps objects in a bucket of Google Cloud Storage or of a server
// that speaks its JSON API. It is the only importer of Google's SDK.
//
// # Retries
//
// The SDK sends again what the network or the server dropped. It only ever
// sends bytes that are in memory: the stream that is stored is read once, and
// its errors are never taken for the network's. When the answer to a write was
// lost, the object itself tells by a token in its metadata whether the write
// took place.
//
// # Rights
//
// A Put needs storage.objects.create and no other; with a lock,
// storage.objects.setRetention too. Only where an answer was lost or does not
// confirm what was asked for does it look at its object
// (storage.objects.get) or take it back (storage.objects.delete).
package gcs

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	gcs "cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/option"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// A Store is a bucket, or what lies below a prefix of it.
type Store struct {
	o      Options
	prefix string // "" or ends in "/"
	web    *http.Client
	plain  http.RoundTripper // without credentials
	bucket *gcs.BucketHandle
}

var (
	_ storage.Store  = (*Store)(nil)
	_ storage.Ranger = (*Store)(nil)
	_ storage.Locker = (*Store)(nil)
	_ storage.Clock  = (*Store)(nil)
)

// Open returns the store that o describes. It looks for settings and
// credentials on this machine but does not ask the server for anything.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open gcs store: %w", err)
	}
	return s, nil
}

func open(ctx context.Context, o Options) (*Store, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	s := &Store{o: o, prefix: o.Prefix}
	if err := s.connect(); err != nil {
		return nil, err
	}
	// The client that is handed over brings the credentials; without this the
	// SDK would look for some by itself.
	client, err := gcs.NewClient(ctx, option.WithHTTPClient(s.web), option.WithoutAuthentication(),
		option.WithEndpoint(o.Endpoint+"/storage/v1/"), gcs.WithJSONReads(), gcs.WithDisabledClientMetrics())
	if err != nil {
		return nil, err
	}
	s.bucket = client.Bucket(o.Bucket).Retryer(gcs.WithMaxAttempts(min(o.Attempts, 3)), gcs.WithErrorFunc(passing), pause())
	return s, nil
}

// passing says whether what failed with err may succeed when it is tried again.
// The SDK does not know that HTTP/2 can reset a single request.
func passing(err error) bool {
	return err != nil && (gcs.ShouldRetry(err) || strings.Contains(err.Error(), "stream error: "))
}

// pause is how long the SDK waits before it tries again: as long as this at
// most, by chance, and each time twice as long.
func pause() gcs.RetryOption {
	return gcs.WithBackoff(gax.Backoff{Initial: time.Second, Max: 20 * time.Second, Multiplier: 2})
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
