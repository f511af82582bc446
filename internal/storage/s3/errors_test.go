package s3_test

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

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

// What there is to say is said by errors: the SDK writes nothing to the
// terminal, which has lines of the program's own.
func TestTheSDKSaysNothing(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	os.Stderr = w
	defer func() { os.Stderr = stderr }()
	srv := s3test.Start(t, s3test.Versitygw)
	px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
		harm["an answer that is cut"](w, r)
		return true
	}}
	o := options(px.start(t, srv), srv.Bucket(t))
	o.Attempts = 2
	if err := putZeros(t.Context(), open(t, o), "kind/a", small); err == nil {
		t.Error("no error")
	}
	os.Stderr = stderr
	w.Close()
	if said, err := io.ReadAll(r); err != nil || len(said) > 0 {
		t.Errorf("got %q, %v, want nothing", said, err)
	}
}
