package verify_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/archive"
	"github.com/vapora-platform/vapora-backup/internal/catalog"
	"github.com/vapora-platform/vapora-backup/internal/crypt"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/local"
	"github.com/vapora-platform/vapora-backup/internal/storage/storagetest"
	"github.com/vapora-platform/vapora-backup/internal/verify"
)

var levels = []verify.Level{verify.Exists, verify.Sums, verify.Deep}

func TestGood(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s, err := local.Open(local.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	first, second := take(t, k, 13, s), take(t, k, 14, s)
	for _, l := range levels {
		o := options(t, s, k, l)
		var clock time.Time
		o.Now = func() time.Time { clock = clock.Add(time.Second); return clock }
		got := verify.Run(t.Context(), o)
		if len(got) != 2 || got[0].ID != first.ID || got[1].ID != second.ID {
			t.Fatalf("%v: got %+v", l, got)
		}
		want := first.Objects[0].Stored.Size + first.Objects[1].Stored.Size
		if l == verify.Exists {
			want = 0
		}
		if g := got[0]; !g.OK || len(g.Problems) > 0 || g.Err != nil || g.Bytes != want || g.Level != l || g.Took != time.Second {
			t.Errorf("%v: got %+v, want OK and %d bytes", l, g, want)
		}
	}
}

func TestLevelsHaveNames(t *testing.T) {
	t.Parallel()
	for l, want := range map[verify.Level]string{verify.Exists: "exists", verify.Sums: "sums", verify.Deep: "deep", 7: "unknown"} {
		if got := l.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A harm is something that happens to the first of two backups.
type harm struct {
	name string
	do   func(s *storagetest.Memory, first, second *catalog.Manifest)
	// at is the first level that finds it; nothing of it may be an Err.
	at verify.Level
	// says is a part of what is found, empty where that depends on whether
	// signatures are checked.
	says string
}

func flip(s *storagetest.Memory, key string) {
	b, _ := s.Bytes(key)
	b[len(b)/2] ^= 1
	s.Set(key, b)
}

func cut(s *storagetest.Memory, key string) {
	b, _ := s.Bytes(key)
	s.Set(key, b[:len(b)-1])
}

func move(s *storagetest.Memory, from, to string) {
	b, _ := s.Bytes(from)
	s.Set(to, b)
}

var harms = []harm{
	{"data flipped", func(s *storagetest.Memory, m, _ *catalog.Manifest) { flip(s, m.Data().Key) }, verify.Sums, "data: "},
	{"secrets flipped", func(s *storagetest.Memory, m, _ *catalog.Manifest) { flip(s, m.Object("secrets").Key) }, verify.Sums, "secrets: "},
	{"manifest flipped", func(s *storagetest.Memory, m, _ *catalog.Manifest) {
		key := m.Key(catalog.ManifestSuffix).String()
		b, _ := s.Bytes(key)
		s.Set(key, []byte(strings.Replace(string(b), `"level": 1`, `"level": 3`, 1)))
	}, verify.Sums, "bad signature"},
	{"signature flipped", func(s *storagetest.Memory, m, _ *catalog.Manifest) { flip(s, m.Key(catalog.SignatureSuffix).String()) }, verify.Sums, "signature does not count"},
	{"data cut", func(s *storagetest.Memory, m, _ *catalog.Manifest) { cut(s, m.Data().Key) }, verify.Exists, "data: got"},
	{"secrets cut", func(s *storagetest.Memory, m, _ *catalog.Manifest) { cut(s, m.Object("secrets").Key) }, verify.Exists, "secrets: got"},
	{"manifest cut", func(s *storagetest.Memory, m, _ *catalog.Manifest) {
		cut(s, m.Key(catalog.ManifestSuffix).String())
		cut(s, m.Key(catalog.ManifestSuffix).String())
	}, verify.Exists, ""},
	{"data longer", func(s *storagetest.Memory, m, _ *catalog.Manifest) {
		b, _ := s.Bytes(m.Data().Key)
		s.Set(m.Data().Key, append(b, 'x'))
	}, verify.Exists, "data: got"},
	{"data missing", func(s *storagetest.Memory, m, _ *catalog.Manifest) {
		_ = s.Delete(context.Background(), m.Data().Key)
	}, verify.Exists, "data: missing"},
	{"secrets missing", func(s *storagetest.Memory, m, _ *catalog.Manifest) {
		_ = s.Delete(context.Background(), m.Object("secrets").Key)
	}, verify.Exists, "secrets: missing"},
	{"signature missing", func(s *storagetest.Memory, m, _ *catalog.Manifest) {
		_ = s.Delete(context.Background(), m.Key(catalog.SignatureSuffix).String())
	}, verify.Exists, "not signed"},
	{"manifest of another", func(s *storagetest.Memory, m, other *catalog.Manifest) {
		move(s, other.Key(catalog.ManifestSuffix).String(), m.Key(catalog.ManifestSuffix).String())
	}, verify.Exists, ""},
	{"manifest and signature of another", func(s *storagetest.Memory, m, other *catalog.Manifest) {
		move(s, other.Key(catalog.ManifestSuffix).String(), m.Key(catalog.ManifestSuffix).String())
		move(s, other.Key(catalog.SignatureSuffix).String(), m.Key(catalog.SignatureSuffix).String())
	}, verify.Exists, ""},
	{"signature of another", func(s *storagetest.Memory, m, other *catalog.Manifest) {
		move(s, other.Key(catalog.SignatureSuffix).String(), m.Key(catalog.SignatureSuffix).String())
	}, verify.Sums, "signature does not count"},
	{"secrets of another", func(s *storagetest.Memory, m, other *catalog.Manifest) {
		move(s, other.Object("secrets").Key, m.Object("secrets").Key)
	}, verify.Sums, "secrets: "},
	{"manifest that leads away", func(s *storagetest.Memory, m, other *catalog.Manifest) {
		key := m.Key(catalog.ManifestSuffix).String()
		b, _ := s.Bytes(key)
		s.Set(key, []byte(strings.Replace(string(b), m.Data().Key, other.Data().Key, 1)))
	}, verify.Exists, ""},
	{"manifest that escapes", func(s *storagetest.Memory, m, _ *catalog.Manifest) {
		key := m.Key(catalog.ManifestSuffix).String()
		b, _ := s.Bytes(key)
		s.Set(key, []byte(strings.Replace(string(b), m.Data().Key, "../../../etc/passwd", 1)))
	}, verify.Exists, ""},
}

func TestHarm(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for _, h := range harms {
		for _, l := range levels {
			s, first, second := two(t, k)
			h.do(s, first, second)
			got := run(t, s, k, l)
			if len(got) != 2 || got[0].ID != first.ID {
				t.Fatalf("%s, %v: got %+v", h.name, l, got)
			}
			if !got[1].OK {
				t.Errorf("%s, %v: the other is bad too: %+v", h.name, l, got[1])
			}
			if found := !got[0].OK; found != (l >= h.at) || found != (len(got[0].Problems) > 0) || got[0].Err != nil {
				t.Errorf("%s, %v: got %+v, want it found from %v on", h.name, l, got[0], h.at)
			}
			if all := strings.Join(got[0].Problems, "\n"); l >= h.at && !strings.Contains(all, h.says) {
				t.Errorf("%s, %v: got %q, want %q", h.name, l, all, h.says)
			}
		}
	}
}

// Every bit of what is sealed counts, at either level.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s, first, _ := two(t, k)
	for _, o := range first.Objects {
		b, _ := s.Bytes(o.Key)
		for i := range b {
			b[i] ^= 0x40
			s.Set(o.Key, b)
			b[i] ^= 0x40
			l := levels[1+i%2]
			if got := run(t, s, k, l)[0]; got.OK || got.Err != nil {
				t.Errorf("%s, byte %d, %v: got %+v, want a problem", o.Role, i, l, got)
			}
		}
		s.Set(o.Key, b)
	}
}

func TestForeignObjectsAreNoHarm(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s, first, _ := two(t, k)
	for _, key := range []string{"x", "database/vapora/2026-11-23/x", first.Key(".more").String(), "database/../x"} {
		s.Set(key, []byte("x"))
	}
	for _, got := range run(t, s, k, verify.Deep) {
		if !got.OK {
			t.Errorf("got %+v", got)
		}
	}
}

func TestUnjudged(t *testing.T) {
	t.Parallel()
	k, others := newKeys(t), newKeys(t)
	s, first, _ := two(t, k)
	for name, c := range map[string]struct {
		change func(*verify.Options)
		want   error
	}{
		"manifest cannot be read": {func(o *verify.Options) {
			o.Store = &storagetest.Faulty{Store: s, Op: storagetest.Get, Key: first.ID + ".manifest.json", Err: errDenied}
		}, errDenied},
		"data cannot be read": {func(o *verify.Options) {
			o.Store = &storagetest.Faulty{Store: s, Op: storagetest.Get, Key: first.Data().Key, Err: errDenied}
		}, errDenied},
		"data breaks off": {func(o *verify.Options) { o.Store = breaking{s, first.Data().Key} }, errDenied},
		"key of another":  {func(o *verify.Options) { o.Opener, o.Entries = others.identities, o.Entries[:1] }, crypt.ErrNoMatch},
		"no key":          {func(o *verify.Options) { o.Opener, o.Entries = nil, o.Entries[:1] }, nil},
		"inspect sees it": {func(o *verify.Options) {
			o.Store = breaking{s, first.Data().Key}
			o.Inspectors = by(func(_ context.Context, _ *catalog.Manifest, plain io.Reader) error {
				if _, err := io.Copy(io.Discard, plain); err != nil {
					return errors.New("the dump ends early")
				}
				return nil
			})
		}, errDenied},
	} {
		for _, l := range levels[1:] {
			o := options(t, s, k, l)
			c.change(&o)
			got := verify.Run(t.Context(), o)
			if l == verify.Sums && o.Opener != archive.Opener(k.identities) {
				continue // no key is needed
			}
			if g := got[0]; g.OK || len(g.Problems) > 0 || g.Err == nil || (c.want != nil && !errors.Is(g.Err, c.want)) {
				t.Errorf("%s, %v: got %+v, want the error %v and no problem", name, l, g, c.want)
			}
			if len(got) > 1 && !got[1].OK {
				t.Errorf("%s, %v: the other is bad too: %+v", name, l, got[1])
			}
		}
	}
}

// A manifest in cold storage tells nothing of the backup, not even what should be there.
func TestColdManifest(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s, first, _ := two(t, k)
	for _, l := range levels {
		o := options(t, s, k, l)
		o.Store = &storagetest.Faulty{Store: s, Op: storagetest.Get, Key: first.ID + ".manifest.json", Err: storage.ErrCold}
		if got := verify.Run(t.Context(), o)[0]; got.OK || got.Cold || !errors.Is(got.Err, storage.ErrCold) {
			t.Errorf("%v: got %+v, want it unjudged", l, got)
		}
	}
}

// breaking breaks off while an object is read.
type breaking struct {
	*storagetest.Memory
	key string
}

func (b breaking) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := b.Memory.Get(ctx, key)
	if err != nil || key != b.key {
		return r, err
	}
	return io.NopCloser(io.MultiReader(io.LimitReader(r, 300), broken{})), nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errDenied }

func TestNewerManifestIsNotDamaged(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s, first, _ := two(t, k)
	s.Set(first.Key(catalog.ManifestSuffix).String(), []byte(`{"format": 2}`))
	o := options(t, s, k, verify.Sums)
	o.Verifier = nil
	if got := verify.Run(t.Context(), o)[0]; got.OK || len(got.Problems) > 0 || !errors.Is(got.Err, catalog.ErrNewer) {
		t.Errorf("got %+v, want ErrNewer", got)
	}
}

func TestSignaturesAreOptional(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s, first, _ := two(t, k)
	_ = s.Delete(t.Context(), first.Key(catalog.SignatureSuffix).String())
	for _, l := range levels {
		o := options(t, s, k, l)
		o.Verifier = nil
		if got := verify.Run(t.Context(), o); !got[0].OK {
			t.Errorf("%v: got %+v", l, got[0])
		}
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s, _, second := two(t, k)
	o := options(t, s, k, verify.Deep)
	o.Inspectors = by(func(_ context.Context, m *catalog.Manifest, plain io.Reader) error {
		if m.ID == second.ID {
			return errors.New("a table is missing")
		}
		return nil
	})
	got := verify.Run(t.Context(), o)
	if !got[0].OK || got[1].OK || len(got[1].Problems) != 1 || got[1].Problems[0] != "data: a table is missing" {
		t.Errorf("got %+v", got)
	}
	o.Level = verify.Sums
	if got = verify.Run(t.Context(), o); !got[1].OK {
		t.Errorf("sums: got %+v", got[1])
	}
}

// A kind that nobody brought a deep check for is not good, and not bad.
func TestUnknownKind(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s, _, _ := two(t, k)
	o := options(t, s, k, verify.Deep)
	o.Inspectors = map[string]verify.Inspector{"notes": inspectFunc(nil)}
	o.Parallel = 2
	for _, got := range verify.Run(t.Context(), o) {
		if got.OK || got.Err == nil || len(got.Problems) > 0 {
			t.Errorf("got %+v, want an error and no word against the backup", got)
		}
	}
}

func TestEndedContext(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	s, _, _ := two(t, k)
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t, s, k, verify.Deep)
	o.Inspectors = by(func(context.Context, *catalog.Manifest, io.Reader) error { cancel(); return nil })
	got := verify.Run(ctx, o)
	if len(got) != 2 || !got[0].OK || got[1].OK || !errors.Is(got[1].Err, context.Canceled) {
		t.Errorf("got %+v, want one and then context.Canceled", got)
	}
}

// What the listing said may be old news.
func TestHarmSinceTheListing(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for _, h := range harms {
		if h.at == verify.Exists && h.says == "" {
			continue // is not of the listing
		}
		for _, l := range levels[1:] {
			s, first, second := two(t, k)
			o := options(t, s, k, l)
			h.do(s, first, second)
			if got := verify.Run(t.Context(), o)[0]; got.OK || len(got.Problems) != 1 || got.Err != nil {
				t.Errorf("%s, %v: got %+v, want a problem", h.name, l, got)
			}
		}
	}
}
