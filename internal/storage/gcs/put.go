package gcs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	gcs "cloud.google.com/go/storage"

	"github.com/vapora-platform/vapora-backup/internal/storage"
)

const (
	// tokenName is the metadata that tells one Put from another.
	tokenName = "vapora-put"
	// piece is how much of a stream is read at once.
	piece = 64 << 10
	// grace is how long the last request may go on when its context has ended: a
	// server may still make an object of one that is cut off, and later than
	// anybody looks.
	grace = 5 * time.Second
)

// Put implements storage.Store. A stream that fits one part is one request, a
// longer one a resumable upload, which is given up on any failure. Where ctx
// ends while the last request is under way, that decides.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	full, err := s.key(key)
	if err == nil {
		u := &upload{s: s, o: s.object(full), token: rand.Text(), kms: s.o.kmsKey(o.Kind), class: o.Class, lock: o.Lock}
		err = u.run(ctx, r)
	}
	if err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	return nil
}

// kmsKey is the key for a kind, "" for the bucket's own.
func (o *Options) kmsKey(kind string) string {
	key, ok := o.Keys[kind]
	if !ok {
		key = o.Keys[""]
	}
	return key
}

func (s *Store) object(full string) *gcs.ObjectHandle { return s.bucket.Object(full) }

// An upload is one Put.
type upload struct {
	s     *Store
	o     *gcs.ObjectHandle
	token string
	kms   string // the key
	class string
	lock  storage.Lock

	size    int64 // that was read
	sum     uint32
	fails   int    // of requests, since a part was stored
	session string // the upload's URL, "" until there is one
}

func (u *upload) run(ctx context.Context, r io.Reader) error {
	got, err := u.send(ctx, r)
	if err != nil {
		return err
	}
	if err := u.confirm(got); err != nil {
		return errors.Join(err, u.remove(ctx, got.Generation))
	}
	return nil
}

// send stores the object and returns what the server says of it.
func (u *upload) send(ctx context.Context, r io.Reader) (*gcs.ObjectAttrs, error) {
	sending, stop := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), uploadKey{}, u))
	defer stop()
	unwatch := context.AfterFunc(ctx, stop)
	defer unwatch()
	w := u.writer(sending)
	if err := u.copy(ctx, w, r); err != nil {
		// A Close makes an object of what there is, unless its context has ended:
		// then it only waits for what is under way.
		stop()
		_ = w.Close()
		u.abandon(ctx)
		return nil, err
	}
	if unwatch() {
		defer after(ctx, grace, stop)()
	}
	if err := w.Close(); err != nil {
		return u.settle(ctx, err)
	}
	return w.Attrs(), nil
}

func (u *upload) writer(ctx context.Context) *gcs.Writer {
	w := u.o.If(gcs.Conditions{DoesNotExist: true}).Retryer(pause(), gcs.WithErrorFunc(u.again)).NewWriter(ctx)
	w.ContentType = "application/octet-stream"
	w.Metadata = map[string]string{tokenName: u.token}
	w.StorageClass = u.class
	w.KMSKeyName = u.kms
	w.Retention = retention(u.lock)
	w.ChunkSize = int(u.s.o.PartSize)
	// The attempts are bounded, and on a slow line one may take its time.
	w.ChunkRetryDeadline = 24 * time.Hour
	w.ProgressFunc = func(int64) { u.fails = 0 }
	return w
}

// after calls stop some time after ctx has ended, unless the returned function
// is called before.
func after(ctx context.Context, d time.Duration, stop func()) (end func()) {
	done := make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(d):
			stop()
		case <-done:
		}
	})
	return func() {
		unwatch()
		close(done)
	}
}

// again says whether a request that failed with err is made again.
func (u *upload) again(err error) bool {
	if !passing(err) {
		return false
	}
	u.fails++
	return u.fails < u.s.o.Attempts
}

// copy reads r to its io.EOF into w. It is not io.Copy, which would not see the
// end of ctx, nor an r that gives nothing for ever.
func (u *upload) copy(ctx context.Context, w io.Writer, r io.Reader) error {
	buf := make([]byte, piece)
	for idle := 0; ; idle++ {
		if err := storage.Ended(ctx); err != nil {
			return err
		}
		n, rerr := r.Read(buf)
		if n > 0 {
			idle = 0
			u.size += int64(n)
			u.sum = crc32.Update(u.sum, castagnoli, buf[:n])
			if _, err := w.Write(buf[:n]); err != nil {
				return u.explain(ctx, err)
			}
		}
		switch {
		case rerr == io.EOF:
			return storage.Ended(ctx)
		case rerr != nil:
			return rerr
		case idle == 100:
			return io.ErrNoProgress
		}
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
