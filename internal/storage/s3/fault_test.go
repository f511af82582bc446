package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

const (
	small = 1000
	large = 3*s3.MinPartSize + 1000
)

// A server that drops each connection in the middle of a part: the Put fails,
// and neither an object nor parts stay.
func TestConnectionResetDuringUpload(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			bucket := srv.Bucket(t)
			var px proxy
			px.before = func(w http.ResponseWriter, r *http.Request) bool {
				return r.URL.Query().Get("partNumber") == "2" && px.cutAfter(w, r, 100_000)
			}
			o := options(px.start(t, srv), bucket)
			o.Attempts = 2
			err := putZeros(t.Context(), open(t, o), "kind/a", large)
			if err == nil || !strings.Contains(err.Error(), "put kind/a: ") {
				t.Errorf("got %v, want an error", err)
			}
			if px.cuts.Load() != 2 {
				t.Errorf("got %d attempts, want 2", px.cuts.Load())
			}
			wantNothing(t, srv, bucket)
		})
	}
}

// One break is no failure: the part is sent again.
func TestConnectionResetOnce(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	bucket := srv.Bucket(t)
	var px proxy
	px.before = func(w http.ResponseWriter, r *http.Request) bool {
		return r.URL.Query().Get("partNumber") == "2" && px.cuts.Load() == 0 && px.cutAfter(w, r, 100_000)
	}
	s := open(t, options(px.start(t, srv), bucket))
	data := bytes.Repeat([]byte("0123456789"), large/10)
	if err := s.Put(t.Context(), "kind/a", bytes.NewReader(data), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, s, "kind/a"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, len(data))
	}
}

// The server stores the object, and its answer is lost: the second attempt
// hears that the object exists, which is no reason to call the Put failed.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			for _, size := range []int64{small, large} {
				bucket := srv.Bucket(t)
				var px proxy
				px.after = func(r *http.Response) error {
					q := r.Request.URL.Query()
					put := r.Request.Method == http.MethodPut && !q.Has("partNumber")
					complete := r.Request.Method == http.MethodPost && q.Has("uploadId")
					if (put || complete) && px.cuts.Load() == 0 {
						_, _ = io.Copy(io.Discard, r.Body)
						return errors.New("lost")
					}
					return nil
				}
				s := open(t, options(px.start(t, srv), bucket))
				if err := putZeros(t.Context(), s, "kind/a", size); err != nil {
					t.Errorf("%d bytes: %v", size, err)
				}
				if px.cuts.Load() != 1 {
					t.Errorf("%d bytes: got %d lost answers, want 1", size, px.cuts.Load())
				}
				if got, err := read(t, s, "kind/a"); err != nil || int64(len(got)) != size {
					t.Errorf("%d bytes: got %d bytes, %v", size, len(got), err)
				}
				if err := putZeros(t.Context(), s, "kind/a", size); !errors.Is(err, fs.ErrExist) {
					t.Errorf("%d bytes, again: got %v, want fs.ErrExist", size, err)
				}
			}
		})
	}
}

func TestFailedUploadsAreAborted(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.MinIO)
	bucket := srv.Bucket(t)
	s := open(t, options(srv, bucket))
	boom := errors.New("boom")
	err := s.Put(t.Context(), "kind/a", io.MultiReader(zeros(large), failing{boom}), storage.PutOptions{})
	if !errors.Is(err, boom) || err.Error() != "put kind/a: boom" {
		t.Errorf("got %v, want put kind/a: boom", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = s.Put(ctx, "kind/b", io.MultiReader(zeros(large), calling(cancel), zeros(large)), storage.PutOptions{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	wantNothing(t, srv, bucket)
}

// A download goes on where the network broke it off.
func TestBrokenDownload(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	var broken atomic.Int64
	var always atomic.Bool
	var px proxy
	px.after = func(r *http.Response) error {
		if r.Request.Method == http.MethodGet && r.ContentLength > 1<<20 && (always.Load() || broken.Add(1) <= 2) {
			r.Body = io.NopCloser(io.LimitReader(r.Body, 500_000)) // less than it says
		}
		return nil
	}
	s := open(t, options(px.start(t, srv), srv.Bucket(t)))
	data := bytes.Repeat([]byte("0123456789"), 300_000)
	if err := s.Put(t.Context(), "kind/a", bytes.NewReader(data), storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, s, "kind/a"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("broken twice: got %d bytes, %v, want %d", len(got), err, len(data))
	}
	broken.Store(0)
	part, err := s.GetRange(t.Context(), "kind/a", 100, 2_000_000)
	if err != nil {
		t.Fatal(err)
	}
	defer part.Close()
	if got, err := io.ReadAll(part); err != nil || !bytes.Equal(got, data[100:2_000_100]) {
		t.Errorf("a range, broken twice: got %d bytes, %v", len(got), err)
	}
}

// What is cut again and again must not look like the end.
func TestDownloadThatNeverGoesOn(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Versitygw)
	var px proxy
	px.after = func(r *http.Response) error {
		if r.Request.Method == http.MethodGet && r.ContentLength > 1 {
			r.Body = io.NopCloser(strings.NewReader(""))
		}
		return nil
	}
	s := open(t, options(px.start(t, srv), srv.Bucket(t)))
	if err := putZeros(t.Context(), s, "kind/a", small); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, s, "kind/a"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %d bytes, %v, want io.ErrUnexpectedEOF", len(got), err)
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + closed.Addr().String()
	closed.Close()
	for _, p := range []s3test.Program{s3test.Versitygw, s3test.MinIO} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			bucket := srv.Bucket(t)
			for _, test := range []struct {
				name   string
				change func(*s3.Options)
				want   string
				is     error
			}{
				{"access key", func(o *s3.Options) { o.AccessKey = "nobody" }, "the server does not accept the access key (", fs.ErrPermission},
				{"secret key", func(o *s3.Options) { o.SecretKey = "wrong" }, "the server does not accept the secret key", fs.ErrPermission},
				{"bucket", func(o *s3.Options) { o.Bucket = "no-such-bucket" }, `bucket "no-such-bucket" does not exist`, nil},
				{"endpoint", func(o *s3.Options) { o.Endpoint = nobody }, "no connection to " + nobody + ": connect: connection refused", nil},
				{"host", func(o *s3.Options) { o.Endpoint = "http://nowhere.invalid" }, "no connection to http://nowhere.invalid: ", nil},
				{"tls", func(o *s3.Options) { o.Endpoint = strings.Replace(o.Endpoint, "http:", "https:", 1) }, "", nil},
			} {
				o := options(srv, bucket)
				o.Attempts = 1
				test.change(&o)
				s := open(t, o)
				var lerr error
				for _, lerr = range s.List(t.Context(), "") {
				}
				_, gerr := s.Get(t.Context(), "kind/a")
				for verb, err := range map[string]error{
					"put kind/a: ":            putZeros(t.Context(), s, "kind/a", small),
					"put kind/b: ":            putZeros(t.Context(), s, "kind/b", large),
					"get kind/a: ":            gerr,
					"list " + o.Bucket + ": ": lerr,
				} {
					if err == nil || !strings.HasPrefix(err.Error(), verb+test.want) {
						t.Errorf("%s: got %v, want %s%s", test.name, err, verb, test.want)
					}
					if hint.Of(err) == "" && test.want != "" {
						t.Errorf("%s: %v: has no hint", test.name, err)
					}
					if errors.Is(err, fs.ErrNotExist) || test.is != nil && !errors.Is(err, test.is) {
						t.Errorf("%s: %v: is not %v", test.name, err, test.is)
					}
				}
			}
			wantNothing(t, srv, bucket)
		})
	}
}

func TestNoCredentials(t *testing.T) {
	home := t.TempDir()
	for name, value := range map[string]string{
		"HOME": home, "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
		"AWS_SHARED_CREDENTIALS_FILE": home + "/none", "AWS_CONFIG_FILE": home + "/none", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
	s := open(t, s3.Options{Bucket: "b", Region: "eu-central-1"})
	err := putZeros(t.Context(), s, "kind/a", small)
	if err == nil || !strings.HasPrefix(err.Error(), "put kind/a: find credentials: ") || hint.Of(err) == "" {
		t.Errorf("got %v, want put kind/a: find credentials: …, with a hint", err)
	}
}

func TestSilentServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := open(t, s3.Options{Bucket: "b", Endpoint: "http://" + l.Addr().String(), PathStyle: true,
		AccessKey: "a", SecretKey: "s", Attempts: 1, Silence: 50 * time.Millisecond})
	err = putZeros(t.Context(), s, "kind/a", small)
	if err == nil || !strings.Contains(err.Error(), "i/o timeout") {
		t.Errorf("got %v, want a timeout", err)
	}
}

func putZeros(ctx context.Context, s *s3.Store, key string, size int64) error {
	return s.Put(ctx, key, zeros(size), storage.PutOptions{})
}

func read(t *testing.T, s *s3.Store, key string) ([]byte, error) {
	t.Helper()
	r, err := s.Get(t.Context(), key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// wantNothing looks behind the store's back for objects, parts and versions.
func wantNothing(t *testing.T, srv *s3test.Server, bucket string) {
	t.Helper()
	c := srv.Client()
	objects, err := c.ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects.Contents {
		t.Errorf("left behind: object %s", *o.Key)
	}
	// MinIO lists the uploads of a key only, not those of a bucket.
	for _, prefix := range []string{"", "kind/a", "kind/b"} {
		uploads, err := c.ListMultipartUploads(t.Context(), &awss3.ListMultipartUploadsInput{Bucket: &bucket, Prefix: &prefix})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range uploads.Uploads {
			t.Errorf("left behind: upload of %s", *u.Key)
		}
	}
}

func zeros(n int64) io.Reader { return io.LimitReader(zero{}, n) }

type zero struct{}

func (zero) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// calling calls and is then at its end.
type calling func()

func (c calling) Read([]byte) (int, error) {
	c()
	return 0, io.EOF
}
