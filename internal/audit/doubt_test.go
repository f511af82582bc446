package audit_test

import (
	"errors"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/audit"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// An Append that failed is done again with what it returned.
func TestAppendOnceMore(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	blind := &storagetest.Faulty{Store: &answerLost{Memory: m, nth: 1, err: errDown}, Op: storagetest.Get, Err: errDown}
	l := newLog(blind, k, -1)
	e, err := l.Append(t.Context(), entry("once"))
	if !errors.Is(err, errDown) || e.Number != 1 {
		t.Fatalf("got number %d, %v, want doubt about number 1", e.Number, err)
	}
	add(t, newLog(m, k, -1), 1)
	again := newLog(m, k, -1)
	got, err := again.Append(t.Context(), e)
	if err != nil || got.Number != 1 || got.ID != e.ID {
		t.Errorf("got %+v, %v, want the entry that is there", got, err)
	}
	wantWhole(t, again, 2)
	// One that is not there gets another number, if its own is another's now.
	e.ID = "abcdefghijklmnopqrstuvwxyz"
	if got, err = again.Append(t.Context(), e); err != nil || got.Number != 3 {
		t.Errorf("got %+v, %v, want number 3", got, err)
	}
	wantWhole(t, again, 3)
}

// A store that does not lock what it was asked to lock may hold the entry all the
// same. That is no success.
func TestPutWithoutItsLock(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	s := &lying{m, func(_ string, put func() error) error {
		if err := put(); err != nil {
			return err
		}
		return storage.ErrNoLock
	}}
	if e, err := newLog(s, k, -1).Append(t.Context(), entry("x")); !errors.Is(err, storage.ErrNoLock) || e.Number != 1 {
		t.Errorf("got number %d, %v, want ErrNoLock, and doubt about number 1", e.Number, err)
	}
}

// A head that cannot be written is no reason to write an entry again, and is made
// up for.
func TestHeadThatFails(t *testing.T) {
	t.Parallel()
	m, k := &storagetest.Memory{}, newKeys(t)
	f := &storagetest.Faulty{Store: m, Op: storagetest.Put, Key: "/heads/", Nth: 1, Err: errDown}
	l := newLog(f, k, 2)
	add(t, l, 1)
	e, err := l.Append(t.Context(), entry("x"))
	if !errors.Is(err, audit.ErrHead) || !errors.Is(err, errDown) || e.Number != 2 {
		t.Errorf("got number %d, %v, want ErrHead and number 2", e.Number, err)
	}
	add(t, l, 1)
	if r := verify(t, l); !r.OK() || r.Entries != 3 || r.Head == nil || r.Head.Number != 3 {
		t.Errorf("got %+v, want a head of entry 3", r)
	}
}
