package backup_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// Memory ignores its context: only the end of its stream tells it to drop what
// it has.
func TestFailedSourceLeavesNothing(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for name, src := range map[string]*source{
		"not proved":         {text: noise(several), err: errSource, details: details()},
		"not proved, little": {text: strings.NewReader("x"), err: errSource, details: details()},
		"nothing":            {text: strings.NewReader(""), err: errSource},
		// A bare io.EOF at the end of a pipe is a good end.
		"end of file":       {text: noise(several), err: io.EOF, details: details()},
		"bad inventory":     {text: noise(several), details: backup.Details{Engine: "x", Inventory: func() {}}},
		"cannot seal twice": {text: noise(several), details: details()},
	} {
		a, b := &storagetest.Memory{}, &storagetest.Memory{}
		j := job(k, src, required("a", a), optional("b", b))
		if name == "cannot seal twice" {
			j.Recipients = &once{Recipients: k.recipients}
		}
		res, err := backup.Run(t.Context(), j)
		if err == nil || res != nil || (src.err != nil && !errors.Is(err, src.err)) || strings.Contains(err.Error(), "store at") {
			t.Errorf("%s: got %+v, %v, want the source's error", name, res, err)
		}
		wantEmpty(t, a, b)
	}
}

// once seals one archive, and no more.
type once struct {
	backup.Recipients
	used bool
}

func (o *once) Seal(w io.Writer) (io.WriteCloser, error) {
	if o.used {
		return nil, errSource
	}
	o.used = true
	return o.Recipients.Seal(w)
}

func TestCancelLeavesNothing(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	cause := errors.New("second thoughts")
	for name, whole := range map[string]bool{"while it reads": false, "when it is through": true} {
		a, b := &storagetest.Memory{}, &storagetest.Memory{}
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := func() { cancel(cause) }
		src := &source{text: noise(several), then: func(context.Context) { stop() }, details: details()}
		if !whole {
			src.text = io.MultiReader(src.text, call(stop), rest{})
		}
		res, err := backup.Run(ctx, job(k, src, required("a", a), optional("b", b)))
		if res != nil || !errors.Is(err, cause) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %+v, %v, want %v", name, res, err, cause)
		}
		wantEmpty(t, a, b)
	}
}

// A call is an empty part of a stream.
type call func()

func (c call) Read([]byte) (int, error) {
	c()
	return 0, io.EOF
}

// A keeper breaks the contract: it keeps what it read, whatever came then.
type keeper struct {
	*storagetest.Memory
	kept bytes.Buffer
}

func (k *keeper) Put(_ context.Context, _ string, r io.Reader, _ storage.PutOptions) error {
	_, err := io.Copy(&k.kept, r)
	return err
}

// Even a store that keeps half a dump must not have an archive of it.
func TestFailedSourceIsNoArchive(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s := &keeper{Memory: &storagetest.Memory{}}
	most := noise(int64(runtime.GOMAXPROCS(0)+4) * archive.FrameSize) // more than waits in memory
	_, err := backup.Run(t.Context(), job(k, &source{text: most, err: errSource}, required("a", s)))
	if !errors.Is(err, errSource) || s.kept.Len() == 0 {
		t.Fatalf("got %v and %d bytes kept, want %v and some", err, s.kept.Len(), errSource)
	}
	r, err := archive.NewReader(&s.kept, k.identities, archive.Summary{}, 1)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
		r.Close()
	}
	if !errors.Is(err, archive.ErrDamaged) {
		t.Errorf("half a dump opens as an archive: %v", err)
	}
}

// A sealer that calls when its archive ends.
type sealer struct {
	backup.Recipients
	end func()
}

func (s sealer) Seal(w io.Writer) (io.WriteCloser, error) {
	wc, err := s.Recipients.Seal(w)
	return lastCall{wc, s.end}, err
}

type lastCall struct {
	io.WriteCloser
	end func()
}

func (l lastCall) Close() error {
	l.end()
	return l.WriteCloser.Close()
}

func TestCancelWhileTheArchiveEnds(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s := &storagetest.Memory{}
	ctx, cancel := context.WithCancel(t.Context())
	d := details()
	d.Secrets = nil
	j := job(k, &source{text: noise(several), details: d}, required("a", s))
	j.Recipients = sealer{k.recipients, cancel}
	if res, err := backup.Run(ctx, j); res != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, %v, want context.Canceled", res, err)
	}
	wantEmpty(t, s)
}

// A caller calls when data is stored.
type caller struct {
	*storagetest.Memory
	stored func()
}

func (c caller) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	defer c.stored()
	return c.Memory.Put(ctx, key, r, o)
}

func TestCancelBeforeTheCommit(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	ctx, cancel := context.WithCancel(t.Context())
	s := caller{&storagetest.Memory{}, cancel}
	res, err := backup.Run(ctx, job(k, &source{text: noise(several), details: details()}, required("a", s)))
	if res != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, %v, want context.Canceled", res, err)
	}
	if keys := s.Keys(); len(keys) > 1 {
		t.Errorf("got %q, want the data alone", keys)
	}
}

func TestCancelEndsASourceThatWaits(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s := &storagetest.Memory{}
	ctx, cancel := context.WithCancel(t.Context())
	src := &source{text: strings.NewReader("x"), then: func(reading context.Context) {
		cancel()
		<-reading.Done() // as an export does that hangs
	}, details: details()}
	if res, err := backup.Run(ctx, job(k, src, required("a", s))); res != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, %v, want context.Canceled", res, err)
	}
	wantEmpty(t, s)
}
