package gcs_test

import (
	"errors"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/gcstest"
	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage/gcs"
)

func TestErrorsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + closed.Addr().String()
	closed.Close()
	srv := gcstest.Start(t)
	bucket := srv.Bucket(t)
	answering := func(code int, reason, message string) func(*gcs.Options) {
		px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool { return refuse(w, r, code, reason, message) }}
		front := px.start(t, srv)
		return func(o *gcs.Options) { o.Endpoint = front.Endpoint }
	}
	// These are Google's own words.
	const noRight = "x@p.iam.gserviceaccount.com does not have storage.objects.create access to the Google Cloud Storage object"
	for _, test := range []struct {
		name   string
		change func(*gcs.Options)
		want   string
		is     error
	}{
		{"no right", answering(http.StatusForbidden, "forbidden", noRight+"."), "access denied: " + noRight, fs.ErrPermission},
		{"anonymous", answering(http.StatusUnauthorized, "required", "Anonymous caller does not have access."),
			"the server does not accept the credentials: Anonymous caller does not have access", fs.ErrPermission},
		{"bucket", answering(http.StatusNotFound, "notFound", "The specified bucket does not exist."), `bucket "` + bucket + `" does not exist`, nil},
		{"endpoint", func(o *gcs.Options) { o.Endpoint = nobody }, "no connection to " + nobody + ": connect: connection refused", nil},
		{"host", func(o *gcs.Options) { o.Endpoint = "http://nowhere.invalid" }, "no connection to http://nowhere.invalid: ", nil},
		{"tls", func(o *gcs.Options) { o.Endpoint = strings.Replace(o.Endpoint, "http:", "https:", 1) }, "", nil},
		{"a page", answering(http.StatusTeapot, "", ""), "the server gives no reason (status 418)", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := options(srv, bucket)
			o.Attempts = 1
			test.change(&o)
			s := open(t, o)
			var lerr error
			for _, lerr = range s.List(t.Context(), "") {
			}
			_, gerr := s.Get(t.Context(), "kind/a")
			for verb, err := range map[string]error{
				"put kind/a: ":             putZeros(t.Context(), s, "kind/a", small),
				"put kind/b: ":             putZeros(t.Context(), s, "kind/b", large),
				"get kind/a: ":             gerr,
				"list " + o.Bucket + ": ":  lerr,
				"delete kind/a: ":          s.Delete(t.Context(), "kind/a"),
				"set the hold of kind/a: ": s.Hold(t.Context(), "kind/a", true),
			} {
				if err == nil || !strings.HasPrefix(err.Error(), verb+test.want) {
					t.Errorf("got %v, want %s%s", err, verb, test.want)
				}
				if hint.Of(err) == "" && test.want != "" && test.name != "a page" {
					t.Errorf("%v: has no hint", err)
				}
				if errors.Is(err, fs.ErrNotExist) || test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("%v: is not %v", err, test.is)
				}
			}
		})
	}
	t.Cleanup(func() {
		names, err := srv.Objects(t.Context(), bucket)
		if err == nil && len(names) > 0 {
			t.Errorf("left behind: %v", names)
		}
	})
}

// The real server's answers for a bucket that nobody made.
func TestMissingBucket(t *testing.T) {
	t.Parallel()
	srv := gcstest.Start(t)
	s := open(t, options(srv, "no-such-bucket"))
	var lerr error
	for _, lerr = range s.List(t.Context(), "") {
	}
	for verb, err := range map[string]error{
		"put kind/a: ":          putZeros(t.Context(), s, "kind/a", small),
		"put kind/b: ":          putZeros(t.Context(), s, "kind/b", large),
		"list no-such-bucket: ": lerr,
	} {
		if want := verb + `bucket "no-such-bucket" does not exist`; err == nil || err.Error() != want || errors.Is(err, fs.ErrNotExist) || hint.Of(err) == "" {
			t.Errorf("got %v, want %s, with a hint, and not fs.ErrNotExist", err, want)
		}
	}
}
