package audit_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

const writers = 16

// sixteen has so many writers append at once, each with a Log of its own on a
// store of its own, while one joins what was kept and one verifies.
func sixteen(t *testing.T, k keys, each int, open func() storage.Store, lock func(time.Time) storage.Lock) {
	t.Helper()
	log := func() *audit.Log {
		l := newLog(open(), k, 8)
		l.Lock = lock
		return l
	}
	kept := &storagetest.Memory{}
	var want []string
	for i := range 3 {
		e := entry(fmt.Sprintf("kept %d", i))
		if _, err := log().Keep(t.Context(), kept, e, storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		want = append(want, e.Detail)
	}
	var wg sync.WaitGroup
	for w := range writers {
		for i := range each {
			want = append(want, fmt.Sprintf("%d of %d", i, w))
		}
		wg.Go(func() {
			l := log()
			for i := range each {
				if _, err := l.Append(t.Context(), entry(fmt.Sprintf("%d of %d", i, w))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			if _, err := log().Join(t.Context(), kept); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if r, err := log().Verify(t.Context()); err != nil || !r.OK() {
				t.Errorf("while others append: got %+v, %v, want no fault", r, err)
			}
		})
	}
	wg.Wait()
	l := log()
	r := verify(t, l)
	if !r.OK() || r.Entries != int64(len(want)) || r.Heads < int64(len(want)/8) {
		t.Errorf("got %+v, want %d entries", r, len(want))
	}
	slices.Sort(want)
	if got := details(all(t, l, time.Time{})); !slices.Equal(got, want) {
		t.Errorf("got entries %q, want %q", got, want)
	}
	if keys := kept.Keys(); len(keys) != 0 {
		t.Errorf("joined, and still pending: %q", keys)
	}
}

func TestSixteenWritersInMemory(t *testing.T) {
	t.Parallel()
	m := &storagetest.Memory{}
	sixteen(t, newKeys(t), 25, func() storage.Store { return m }, nil)
}

func TestSixteenWritersInOneFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sixteen(t, newKeys(t), 10, func() storage.Store {
		s, err := local.Open(local.Options{Dir: dir})
		if err != nil {
			t.Error(err)
		}
		return s
	}, nil)
}

func TestSixteenWritersOfOneBucket(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	anHour := func(time.Time) storage.Lock {
		return storage.Lock{Mode: storage.Governance, Until: time.Now().Add(time.Hour)}
	}
	for _, c := range []struct {
		name, bucket string
		lock         func(time.Time) storage.Lock
	}{
		{"plain", srv.Bucket(t), nil},
		{"locked", srv.LockedBucket(t), anHour},
	} {
		t.Run(c.name, func(t *testing.T) {
			sixteen(t, newKeys(t), 5, func() storage.Store {
				s, err := s3.Open(t.Context(), s3.Options{
					Bucket: c.bucket, Prefix: "log", Endpoint: srv.Endpoint, PathStyle: true, Region: srv.Region,
					AccessKey: srv.AccessKey, SecretKey: srv.SecretKey, PartSize: s3.MinPartSize,
				})
				if err != nil {
					t.Error(err)
				}
				return s
			}, c.lock)
		})
	}
}

// Sixteen who share one Log, and with it what it knows, are no different.
func TestSixteenUsersOfOneLog(t *testing.T) {
	t.Parallel()
	l := newLog(&storagetest.Memory{}, newKeys(t), 8)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range 25 {
				if _, err := l.Append(t.Context(), entry(fmt.Sprintf("%d of %d", i, w))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	r := verify(t, l)
	if !r.OK() || r.Entries != writers*25 || r.Head == nil || r.Head.Number != writers*25 {
		t.Errorf("got %+v, want %d entries, the last one signed", r, writers*25)
	}
	all(t, l, time.Time{})
}
