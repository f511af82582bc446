package s3_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

// The code is asked for once, however often it is tried to get a session, and
// the error says what is wrong with the role and not with the bucket.
func TestRoleThatIsNotToBeHad(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Moto)
	nobody := errors.New("no terminal to ask on")
	denied := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(403)
		_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed</Message></Error></ErrorResponse>`)
	}
	for name, test := range map[string]struct {
		fail func(http.ResponseWriter, *http.Request)
		code func() (string, error)
		want string
		is   error
		puts int
	}{
		"a wrong code":       {denied, func() (string, error) { return "000000", nil }, "AccessDenied: MultiFactorAuthentication failed", nil, 2},
		"nobody to ask":      {nil, func() (string, error) { return "", nobody }, "no terminal to ask on", nobody, 2},
		"no way to ask":      {nil, nil, "it demands a code, and nobody can be asked for one", nil, 2},
		"a server that dies": {func(w http.ResponseWriter, _ *http.Request) { (&proxy{}).cut(w) }, func() (string, error) { return "123456", nil }, "", nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tokens := sts{fail: test.fail}
			var codes atomic.Int64
			o := options(srv, srv.Bucket(t))
			o.Attempts = 1 // and one to see what became of the object
			o.AssumeRole = s3.AssumeRole{ARN: roleARN, Endpoint: tokens.start(t, srv).Endpoint, MFASerial: device}
			if test.code != nil {
				o.AssumeRole.Code = func() (string, error) { codes.Add(1); return test.code() }
			}
			s := open(t, o)
			for range test.puts {
				err := putZeros(t.Context(), s, "kind/a", small)
				if err == nil || !strings.HasPrefix(err.Error(), "put kind/a: assume role "+roleARN+": "+test.want) || hint.Of(err) == "" {
					t.Errorf("got %v, want put kind/a: assume role …: %s, with a hint", err, test.want)
				}
				if test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("%v: is not %v", err, test.is)
				}
			}
			if test.code != nil && codes.Load() != 1 {
				t.Errorf("got %d codes asked for, want 1", codes.Load())
			}
		})
	}
}
