package s3_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

// lockers are the servers whose locks can be confirmed. Moto 5.2.5 locks, but
// whoever asks it for an object's retention is given the object, and the lock
// of a multipart upload it forgets: see TestLockThatIsDroppedIsRefused.
var lockers = []s3test.Program{s3test.Versitygw, s3test.MinIO}

func TestLockKeepsWhatWasPut(t *testing.T) {
	t.Parallel()
	for _, p := range lockers {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			s := open(t, options(srv, srv.LockedBucket(t)))
			for _, mode := range []storage.LockMode{storage.Governance, storage.Compliance} {
				for _, size := range []int64{0, small, large} {
					key := fmt.Sprintf("kind/%s/%d", mode, size)
					// Neither a whole second nor in UTC.
					until := time.Now().Add(time.Hour + 1234567*time.Nanosecond)
					data := bytes.Repeat([]byte("x"), int(size))
					err := s.Put(t.Context(), key, bytes.NewReader(data), storage.PutOptions{Lock: storage.Lock{Mode: mode, Until: until}})
					if err != nil {
						t.Fatalf("%s: %v", key, err)
					}
					got, err := s.Protection(t.Context(), key)
					if err != nil || got.Lock.Mode != mode || got.Hold {
						t.Errorf("%s: got %v, %v, want %s", key, got, err, mode)
					}
					// Not a moment less than was asked for, and not more than a second longer.
					if got.Lock.Until.Before(until) || got.Lock.Until.After(until.Add(time.Second)) || got.Lock.Until.Location() != time.UTC {
						t.Errorf("%s: got a lock until %v, want %v", key, got.Lock.Until, until)
					}
					wantLocked(t, s, key, data)
				}
			}
		})
	}
}

// Amazon takes a lock only with the checksum and its name, which moto demands.
func TestLockRequestIsAsAmazonWantsIt(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Moto)
	bucket, key := srv.LockedBucket(t), "kind/a"
	err := open(t, options(srv, bucket)).Put(t.Context(), key, zeros(small), locked())
	if err == nil || !strings.Contains(err.Error(), "did not confirm the lock") {
		t.Errorf("got %v, want a lock that moto does not tell of", err)
	}
	head, err := srv.Client().HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil || head.ObjectLockMode != types.ObjectLockModeCompliance || time.Until(*head.ObjectLockRetainUntilDate) < 59*time.Minute {
		t.Errorf("got %v, %v, want it locked", head, err)
	}
}

func TestLockEnds(t *testing.T) {
	t.Parallel()
	for _, p := range lockers {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			bucket := srv.LockedBucket(t)
			s := open(t, options(srv, bucket))
			for _, mode := range []storage.LockMode{storage.Governance, storage.Compliance} {
				key := "kind/" + string(mode)
				// A whole second from when it is put at the earliest.
				lock := storage.Lock{Mode: mode, Until: time.Now().Add(1500 * time.Millisecond)}
				if err := s.Put(t.Context(), key, zeros(small), storage.PutOptions{Lock: lock}); err != nil {
					t.Fatal(err)
				}
				wantLocked(t, s, key, make([]byte, small))
				poll(t, func() bool {
					p, err := s.Protection(t.Context(), key)
					if err != nil {
						t.Fatal(err)
					}
					return p.Lock.IsZero()
				})
				// The server that says it has ended, and the one that deletes, may
				// read their clock differently by less than a second.
				poll(t, func() bool {
					err := s.Delete(t.Context(), key)
					if err != nil && !errors.Is(err, storage.ErrLocked) {
						t.Fatal(err)
					}
					return err == nil
				})
				if time.Now().Before(lock.Until) {
					t.Errorf("%s: it was deleted before its time", mode)
				}
				wantNothing(t, srv, bucket)
			}
		})
	}
}

func TestLegalHold(t *testing.T) {
	t.Parallel()
	for _, p := range lockers {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			bucket := srv.LockedBucket(t)
			s := open(t, options(srv, bucket))
			if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
				t.Fatal(err)
			}
			for _, on := range []bool{false, true, true, false, false, true, false} { // twice is no error
				if err := s.Hold(t.Context(), "kind/a", on); err != nil {
					t.Fatal(err)
				}
				if got, err := s.Protection(t.Context(), "kind/a"); err != nil || got.Hold != on || !got.Lock.IsZero() {
					t.Errorf("got %v, %v, want a hold: %v", got, err, on)
				}
				if on {
					wantLocked(t, s, "kind/a", make([]byte, small))
				}
			}
			if err := s.Delete(t.Context(), "kind/a"); err != nil {
				t.Error(err)
			}
			wantNothing(t, srv, bucket)
		})
	}
}

func TestCheckLock(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO, s3test.Moto} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			if err := open(t, options(srv, srv.LockedBucket(t))).CheckLock(t.Context()); err != nil {
				t.Errorf("with object lock: %v", err)
			}
			for what, bucket := range map[string]string{"plain": srv.Bucket(t), "versions only": srv.VersionedBucket(t)} {
				err := open(t, options(srv, bucket)).CheckLock(t.Context())
				if !errors.Is(err, storage.ErrNoLock) || hint.Of(err) == "" {
					t.Errorf("%s: got %v, want ErrNoLock with a hint", what, err)
				}
			}
			err := open(t, options(srv, "no-such-bucket")).CheckLock(t.Context())
			// Of a bucket that is not there MinIO says that it has no lock.
			if err == nil || errors.Is(err, storage.ErrNoLock) != (p == s3test.MinIO) {
				t.Errorf("no bucket: got %v, want an error that says so", err)
			}
		})
	}
}

// wantLocked tries to delete an object and wants it to be there as before.
func wantLocked(t *testing.T, s *s3.Store, key string, data []byte) {
	t.Helper()
	if err := s.Delete(t.Context(), key); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("delete %s: got %v, want ErrLocked", key, err)
	}
	if got, err := read(t, s, key); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%s: got %d bytes, %v, want the %d that are locked", key, len(got), err, len(data))
	}
}
