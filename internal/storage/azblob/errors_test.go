package azblob_test

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/storage/azblob"
)

var otherKey = base64.StdEncoding.EncodeToString([]byte("this is the key of another account"))

// failures has every way of asking a store that cannot work.
func failures(t *testing.T, s *azblob.Store, container string) map[string]error {
	t.Helper()
	var lerr error
	for _, lerr = range s.List(t.Context(), "") {
	}
	_, gerr := s.Get(t.Context(), "kind/a")
	_, perr := s.Protection(t.Context(), "kind/a")
	_, terr := s.Temperature(t.Context(), "kind/a")
	return map[string]error{
		"put kind/a: ":                        putZeros(t.Context(), s, "kind/a", small),
		"put kind/b: ":                        putZeros(t.Context(), s, "kind/b", large),
		"get kind/a: ":                        gerr,
		"list " + container + ": ":            lerr,
		"delete kind/a: ":                     s.Delete(t.Context(), "kind/a"),
		"look at the lock of kind/a: ":        perr,
		"look at the access tier of kind/a: ": terr,
		"thaw kind/a: ":                       s.Thaw(t.Context(), "kind/a", "", 1),
		"set the legal hold of kind/a: ":      s.Hold(t.Context(), "kind/a", true),
		"ask container " + container + " for": s.CheckLock(t.Context()),
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
	name := server.Container(t)
	srv := (&proxy{after: azureCodes}).start(t, server)
	forged := strings.Replace(server.SAS(t, name, "rcwdl"), "sp=rcwdl", "sp=rcwdlx", 1) // what is signed is not what is said
	for _, test := range []struct {
		name   string
		change func(*azblob.Options)
		want   string
		is     error
	}{
		{"key", func(o *azblob.Options) { o.AccountKey = otherKey }, "the server does not accept the account key", fs.ErrPermission},
		{"token", func(o *azblob.Options) { o.AccountKey, o.SASToken = "", forged }, "the server does not accept the SAS token", fs.ErrPermission},
		{"container", func(o *azblob.Options) { o.Container = "no-such-container" }, `container "no-such-container" does not exist`, nil},
		{"endpoint", func(o *azblob.Options) { o.Endpoint = nobody }, "no connection to " + nobody + ": connect: connection refused", nil},
		{"endpoint, with a token", func(o *azblob.Options) { o.Endpoint, o.AccountKey, o.SASToken = nobody, "", forged }, "no connection to " + nobody + ": connect: connection refused", nil},
		{"host", func(o *azblob.Options) { o.Endpoint = "http://nowhere.invalid" }, "no connection to http://nowhere.invalid: ", nil},
		{"tls", func(o *azblob.Options) { o.Endpoint = strings.Replace(o.Endpoint, "http:", "https:", 1) }, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := options(srv, name)
			o.Attempts = 1
			test.change(&o)
			for verb, err := range failures(t, open(t, o), o.Container) {
				if test.name == "container" && strings.HasPrefix(verb, "set the legal hold") {
					continue // the server knows no holds, and does not look
				}
				if err == nil || !strings.HasPrefix(err.Error(), verb) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %s%s", err, verb, test.want)
				}
				if hint.Of(err) == "" && test.want != "" {
					t.Errorf("%v: has no hint", err)
				}
				if errors.Is(err, fs.ErrNotExist) || test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("%v: is not %v", err, test.is)
				}
				wantNoSecrets(t, err, server.Key, otherKey, "sig=")
			}
		})
	}
}

// Each way to fail is tried with a SAS token, which is a part of all URLs, and
// the server repeats it in its answers.
func TestNoErrorQuotesASecret(t *testing.T) {
	t.Parallel()
	name := server.Container(t)
	token := server.SAS(t, name, "r")
	query, err := url.ParseQuery(token)
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{"sig=", query.Get("sig"), url.QueryEscape(query.Get("sig"))}
	for what, before := range map[string]func(*proxy, http.ResponseWriter, *http.Request) bool{
		"no rights": func(*proxy, http.ResponseWriter, *http.Request) bool { return false },
		"resets":    func(p *proxy, w http.ResponseWriter, r *http.Request) bool { return p.cutAfter(w, r, 10) },
		"redirects": func(_ *proxy, w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://127.0.0.1:1/elsewhere?"+token, http.StatusTemporaryRedirect)
			return true
		},
		"an echo": func(_ *proxy, w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte("<Error><Code>Odd</Code><Message>no " + query.Get("sig") + " please</Message></Error>"))
			return true
		},
		"an echo of what was signed": func(_ *proxy, w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("x-ms-error-code", "AuthenticationFailed")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("<Error><Code>AuthenticationFailed</Code><Message>no</Message><AuthenticationErrorDetail>" + query.Get("sig") + "</AuthenticationErrorDetail></Error>"))
			return true
		},
		"no HTTP": func(_ *proxy, w http.ResponseWriter, r *http.Request) bool {
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = c.Write([]byte("what? " + r.URL.String() + "\r\n\r\n"))
				c.Close()
			}
			return true
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var px proxy
			px.before = func(w http.ResponseWriter, r *http.Request) bool { return before(&px, w, r) }
			o := options(px.start(t, server), name)
			o.AccountKey, o.SASToken, o.Attempts = "", token, 1
			for verb, err := range failures(t, open(t, o), name) {
				if err == nil {
					t.Errorf("%s: no error", verb)
				}
				wantNoSecrets(t, err, secrets...)
			}
		})
	}
	for _, o := range []azblob.Options{
		{Container: name, Endpoint: server.Endpoint + "?" + token},
		{Container: name, Endpoint: "ftp://host/?" + token},
		{Container: name, Endpoint: "http://%zz/?" + token},
		{Container: name, Endpoint: server.Endpoint, SASToken: "%zz" + token},
		{Container: name, Endpoint: server.Endpoint, SASToken: "x" + strings.Replace(token, "sig=", "sog=", 1)},
		{Account: "a", Container: name, AccountKey: query.Get("sig") + "!"},
	} {
		_, err := azblob.Open(t.Context(), o)
		if err == nil {
			t.Errorf("%v: no error", o)
		}
		wantNoSecrets(t, err, append(secrets, "sog=")...)
	}
}

func TestSilentServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := open(t, azblob.Options{Account: "acct", Container: "ccc", Endpoint: "http://" + l.Addr().String(),
		AccountKey: otherKey, Attempts: 1, Silence: 50 * time.Millisecond})
	err = putZeros(t.Context(), s, "kind/a", small)
	if err == nil || !strings.Contains(err.Error(), "i/o timeout") {
		t.Errorf("got %v, want a timeout", err)
	}
}
