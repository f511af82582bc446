package backup_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/backup"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
)

// breaking fails a Put of data after n bytes.
type breaking struct {
	*storagetest.Memory
	n int64
}

func (b breaking) Put(_ context.Context, _ string, r io.Reader, _ storage.PutOptions) error {
	if _, err := io.CopyN(io.Discard, r, b.n); err != nil {
		return err
	}
	return errDenied
}

// hasty claims to have stored data that it did not read to the end.
type hasty struct{ *storagetest.Memory }

func (h hasty) Put(ctx context.Context, key string, r io.Reader, o storage.PutOptions) error {
	if strings.HasSuffix(key, ".surql.zst.age") {
		r = io.LimitReader(r, 1000)
	}
	return h.Memory.Put(ctx, key, r, o)
}

func TestOthersFinish(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for name, bad := range map[string]storage.Store{
		"at once":       breaking{&storagetest.Memory{}, 0},
		"on the way":    breaking{&storagetest.Memory{}, 3 << 20},
		"hasty":         hasty{&storagetest.Memory{}},
		"at the end":    &storagetest.Faulty{Store: &storagetest.Memory{}, Op: storagetest.Put, Key: ".surql", Err: errDenied, Late: true},
		"the companion": &storagetest.Faulty{Store: &storagetest.Memory{}, Op: storagetest.Put, Key: ".secrets", Err: errDenied},
		"the signature": &storagetest.Faulty{Store: &storagetest.Memory{}, Op: storagetest.Put, Key: ".minisig", Err: errDenied},
		"the manifest":  &storagetest.Faulty{Store: &storagetest.Memory{}, Op: storagetest.Put, Key: ".manifest.json", Err: errDenied},
	} {
		for _, must := range []bool{true, false} {
			if h, ok := bad.(hasty); ok {
				h.Memory = &storagetest.Memory{}
				bad = h
			}
			good := &storagetest.Memory{}
			src := &source{text: noise(several), details: details()}
			res, err := backup.Run(t.Context(), job(k, src,
				backup.Destination{Name: "bad", Store: bad, Required: must}, required("good", good)))
			if res == nil {
				t.Fatalf("%s: got %v, want a result", name, err)
			}
			if (err != nil) != must || res.Partial() == must {
				t.Errorf("%s, required %v: got %v, partial %v", name, must, err, res.Partial())
			}
			if must && !strings.Contains(err.Error(), "store at bad: ") {
				t.Errorf("%s: got %v, want it to name the destination", name, err)
			}
			if res.Destinations[0].Err == nil || res.Destinations[1].Err != nil {
				t.Errorf("%s: got %+v", name, res.Destinations)
			}
			if m := load(t, good, k); int64(len(open(t, good, k, m.Data()))) != several {
				t.Errorf("%s: the good destination has not all", name)
			}
		}
	}
}

func TestAllDestinationsFail(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	src := &source{text: rest{}, details: details()} // which never ends
	res, err := backup.Run(t.Context(), job(k, src,
		optional("a", breaking{&storagetest.Memory{}, 5 << 20}), optional("b", breaking{&storagetest.Memory{}, 100})))
	if res != nil || !errors.Is(err, errDenied) {
		t.Errorf("got %+v, %v, want %v", res, err, errDenied)
	}
	if src.ended == nil {
		t.Error("the source was read to its end")
	}
	for _, name := range []string{"store at a: ", "store at b: "} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want it to tell of %q", err, name)
		}
	}
}

type rest struct{}

func (rest) Read(p []byte) (int, error) { return io.ReadFull(noise(int64(len(p))), p) }

// A source that has nothing to write learns of it by its context.
func TestAllDestinationsFailBeforeTheSourceWrites(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	src := &source{text: strings.NewReader(""), then: func(ctx context.Context) { <-ctx.Done() }, details: details()}
	res, err := backup.Run(t.Context(), job(k, src, required("a", breaking{&storagetest.Memory{}, 0})))
	if res != nil || !errors.Is(err, errDenied) || errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, %v, want %v", res, err, errDenied)
	}
}

func TestAllDestinationsFailAtTheEnd(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s := &storagetest.Memory{}
	late := &storagetest.Faulty{Store: s, Op: storagetest.Put, Key: ".surql", Err: errDenied, Late: true}
	res, err := backup.Run(t.Context(), job(k, &source{text: noise(several), details: details()}, optional("a", late)))
	if res != nil || !errors.Is(err, errDenied) {
		t.Errorf("data: got %+v, %v, want %v", res, err, errDenied)
	}
	wantEmpty(t, s)
	// Proved, but nowhere: that is no partial success.
	commit := &storagetest.Faulty{Store: s, Op: storagetest.Put, Key: ".manifest.json", Err: errDenied}
	res, err = backup.Run(t.Context(), job(k, &source{text: noise(several), details: details()}, optional("a", commit)))
	if res == nil || !errors.Is(err, errDenied) || res.Partial() {
		t.Errorf("manifest: got %+v, %v, want %v", res, err, errDenied)
	}
}
