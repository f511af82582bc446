package hint_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

func TestWrap(t *testing.T) {
	t.Parallel()
	inner := hint.Wrap(fs.ErrNotExist, "run %s", "config init")
	err := fmt.Errorf("read config: %w", inner)
	if got, want := err.Error(), "read config: file does not exist"; got != want {
		t.Errorf("got %q, want %q: a hint must not change the error", got, want)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("the wrapped error is not found by errors.Is")
	}
	if got, want := hint.Of(err), "run config init"; got != want {
		t.Errorf("got hint %q, want %q", got, want)
	}
	if got, want := hint.Of(hint.Wrap(err, "look outside")), "look outside"; got != want {
		t.Errorf("got hint %q, want the outermost, %q", got, want)
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	if err := hint.Wrap(nil, "nothing"); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	for _, err := range []error{nil, fs.ErrExist} {
		if got := hint.Of(err); got != "" {
			t.Errorf("got hint %q of %v, want none", got, err)
		}
	}
}
