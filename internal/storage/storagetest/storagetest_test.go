package storagetest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

func TestMemory(t *testing.T) {
	storagetest.Suite{
		Open:           func(*testing.T) storage.Store { return new(storagetest.Memory) },
		IgnoresContext: true,
	}.Test(t)
}

func TestFaultyThatIsNotDue(t *testing.T) {
	storagetest.Suite{
		Open: func(*testing.T) storage.Store {
			return &storagetest.Faulty{Store: new(storagetest.Memory), Op: storagetest.Put, Nth: -1}
		},
		IgnoresContext: true,
	}.Test(t)
}

func TestFaultyFailsTheNthCall(t *testing.T) {
	boom := errors.New("boom")
	for _, late := range []bool{false, true} {
		f := &storagetest.Faulty{Store: new(storagetest.Memory), Op: storagetest.Put, Key: ".json", Nth: 2, Err: boom, Late: late}
		for i, key := range []string{"a", "a.json", "b", "b.json", "c.json"} {
			r := bytes.NewReader([]byte("data"))
			err := f.Put(t.Context(), key, r, storage.PutOptions{})
			if due := i == 3; errors.Is(err, boom) != due {
				t.Errorf("put %s: got %v", key, err)
			} else if due && (r.Len() == 0) != late {
				t.Errorf("put %s: %d bytes left unread, late is %v", key, r.Len(), late)
			}
		}
		if got := f.Calls(); got != 3 {
			t.Errorf("got %d calls, want 3", got)
		}
	}
}

func TestReaderAtNeedsARanger(t *testing.T) {
	plain := struct{ storage.Store }{new(storagetest.Memory)}
	if _, err := storage.ReaderAt(t.Context(), "a", 1, plain); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v, want errors.ErrUnsupported", err)
	}
}

func TestMemoryIgnoresItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := new(storagetest.Memory)
	if err := m.Put(ctx, "a", io.MultiReader(), storage.PutOptions{}); err != nil {
		t.Errorf("got %v: this fake must not hide a caller that relies on cancelling", err)
	}
}
