package s3_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

const (
	roleARN = "arn:aws:iam::123456789012:role/backup"
	device  = "arn:aws:iam::123456789012:mfa/anna"
)

// sts is a proxy that notes what is asked of STS.
type sts struct {
	mu    sync.Mutex
	asked []url.Values
	fail  func(http.ResponseWriter, *http.Request) // nil: the server answers
}

func (s *sts) start(t *testing.T, srv *s3test.Server) *s3test.Server {
	px := proxy{before: func(w http.ResponseWriter, r *http.Request) bool {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, form)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if s.fail != nil {
			s.fail(w, r)
		}
		return s.fail != nil
	}}
	return px.start(t, srv)
}

// With the code of a device, which is asked for once, all that a store does is
// done in the role's session. MinIO checks the session, and moto knows codes.
func TestRoleWithCode(t *testing.T) {
	t.Parallel()
	for _, p := range []s3test.Program{s3test.MinIO, s3test.Moto} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			srv := s3test.Start(t, p)
			var tokens sts
			var foreign atomic.Int64
			px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("X-Amz-Security-Token") == "" || strings.Contains(r.Header.Get("Authorization"), srv.AccessKey) {
					foreign.Add(1)
				}
				return false
			}}
			var codes atomic.Int64
			o := options(px.start(t, srv), srv.Bucket(t))
			o.Region = "" // with an endpoint, none is needed
			o.AssumeRole = s3.AssumeRole{
				ARN: roleARN, ExternalID: "vapora/7", Endpoint: tokens.start(t, srv).Endpoint, MFASerial: device,
				Code: func() (string, error) { codes.Add(1); return "123456", nil },
			}
			s := open(t, o)
			if codes.Load() != 0 {
				t.Error("a code was asked for before it was needed")
			}
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					if err := putZeros(t.Context(), s, fmt.Sprint("kind/", i), small); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if err := putZeros(t.Context(), s, "kind/large", large); err != nil {
				t.Error(err)
			}
			if got := len(list(t, s)); got != 9 {
				t.Errorf("got %d objects, want 9", got)
			}
			if codes.Load() != 1 || len(tokens.asked) != 1 || foreign.Load() != 0 {
				t.Fatalf("got %d codes, %d sessions and %d requests outside of them, want 1, 1 and 0", codes.Load(), len(tokens.asked), foreign.Load())
			}
			for name, want := range map[string]string{
				"Action": "AssumeRole", "RoleArn": roleARN, "ExternalId": "vapora/7", "SerialNumber": device, "TokenCode": "123456",
				"RoleSessionName": "vapora-backup", "DurationSeconds": "3600",
			} {
				if got := tokens.asked[0].Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

// Without a device nothing is asked for, and nothing is said of one.
func TestRoleWithoutCode(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.MinIO)
	var tokens sts
	o := options(srv, srv.Bucket(t))
	o.AssumeRole = s3.AssumeRole{ARN: roleARN, Endpoint: tokens.start(t, srv).Endpoint,
		Code: func() (string, error) { t.Error("a code was asked for"); return "", nil }}
	if err := putZeros(t.Context(), open(t, o), "kind/a", small); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"SerialNumber", "TokenCode", "ExternalId"} {
		if tokens.asked[0].Has(name) {
			t.Errorf("%s was sent", name)
		}
	}
}

// A session that has ended is followed by one with a new code.
func TestRoleWhoseSessionEnds(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Moto)
	ends := regexp.MustCompile("<Expiration>[^<]*")
	px := proxy{after: func(r *http.Response) error {
		body, err := io.ReadAll(r.Body)
		body = ends.ReplaceAll(body, []byte("<Expiration>2020-01-01T00:00:00Z"))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return err
	}}
	var codes atomic.Int64
	o := options(srv, srv.Bucket(t))
	o.AssumeRole = s3.AssumeRole{ARN: roleARN, Endpoint: px.start(t, srv).Endpoint, MFASerial: device,
		Code: func() (string, error) { codes.Add(1); return "123456", nil }}
	s := open(t, o)
	for i := range int64(3) {
		if err := putZeros(t.Context(), s, fmt.Sprint("kind/", i), small); err != nil {
			t.Fatal(err)
		}
		if codes.Load() != i+1 {
			t.Errorf("got %d codes, want %d", codes.Load(), i+1)
		}
	}
}
