package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/cli"
	"github.com/vapora-platform/vapora-backup/internal/config"
	"github.com/vapora-platform/vapora-backup/internal/notify"
)

// A hook is a webhook. It stands for one: it keeps what is posted to it.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	events []notify.Event
	heard  func(notify.Event) // if not nil, is called with each
	env    []string           // of the runs, beside what they need
}

func newHook(t *testing.T) *hook {
	h := &hook{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var e notify.Event
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.events = append(h.events, e)
		if h.heard != nil {
			h.heard(e)
		}
	}))
	t.Cleanup(h.Close)
	return h
}

// told wants the hook to have heard events that begin so, among the rest.
func (h *hook) told(t *testing.T, want ...string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range want {
		if !slices.ContainsFunc(h.events, func(e notify.Event) bool { return strings.HasPrefix(e.Event+" "+e.Command+": "+e.Message, w) }) {
			t.Errorf("nobody was told %q; the webhook got %+v", w, h.events)
		}
	}
}

// run runs a command line that is told to the hook, with a database that nobody
// can reach. It returns the exit code and what was said on stderr.
func (h *hook) run(t *testing.T, ctx context.Context, args ...string) (int, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "vapora-backup.yaml")
	err := os.WriteFile(file, []byte(`version: 1
databases:
  - {name: vapora, url: "http://127.0.0.1:1", namespace: n, database: d, username: root, password: {env: DB_PASSWORD}}
destinations:
  - {name: primary, url: "file:backups", keep: {daily: 30d}}
encryption: {recipients: [age1cy0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9sss4euqm]}
notify:
  - {name: hook, type: webhook, url: {env: HOOK}, on: [start, success, failure]}
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	var talk bytes.Buffer
	env := cli.Env{
		In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &talk, Environ: append([]string{"DB_PASSWORD=x", "HOOK=" + h.URL}, h.env...),
		Now: func() time.Time { return time.Now().UTC() }, Random: rand.Reader, Host: "worker-1",
	}
	return cli.Run(ctx, env, append(args, "--config", file)), talk.String()
}

// runs are the commands that tell how they went, and the code that each ends with where
// no database can be reached and there are no backups.
var runs = map[string]int{"backup db": 1, "sync": 0, "verify": 1, "restore-test": 1, "prune apply --scheduled": 2, "report": 4}

// Each run that cron starts says how it went, with the code that it ends with.
func TestRunsAreTold(t *testing.T) {
	t.Parallel()
	for command, exit := range runs {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			h := newHook(t)
			code, talk := h.run(t, t.Context(), strings.Fields(command)...)
			if code != exit || len(h.events) != 2 {
				t.Fatalf("got exit code %d and %d events, want %d and 2; it said %s", code, len(h.events), exit, talk)
			}
			name, _, _ := strings.Cut(command, " --")
			want := notify.Failure
			if exit == 0 {
				want = notify.Success
			}
			start, end := h.events[0], h.events[1]
			if start.Event != notify.Start || start.Command != name || start.Host != "worker-1" || start.Version != 1 {
				t.Errorf("got %+v", start)
			}
			if end.Event != want || end.Command != name || end.Exit != exit || (end.Message == "") != (exit == 0) {
				t.Errorf("got %+v", end)
			}
		})
	}
}

// What else runs must not feed the dead man's switch of the backups. The config knows
// the commands that tell, and no others.
func TestOnlyWhatIsWatchedIsTold(t *testing.T) {
	t.Parallel()
	var names []string
	for command := range runs {
		name, _, _ := strings.Cut(command, " --")
		names = append(names, name)
		h := newHook(t)
		h.env = []string{"VAPORA_BACKUP__NOTIFY__HOOK__COMMANDS=sync,backup db"}
		want := 0
		if name == "sync" || name == "backup db" {
			want = 2
		}
		if _, talk := h.run(t, t.Context(), strings.Fields(command)...); len(h.events) != want {
			t.Errorf("%s: got %d events, want %d; it said %s", command, len(h.events), want, talk)
		}
	}
	f, _ := reflect.TypeFor[config.Notify]().FieldByName("Commands")
	if got, want := slices.Sorted(slices.Values(strings.Split(f.Tag.Get("enum"), ","))), slices.Sorted(slices.Values(names)); !slices.Equal(got, want) {
		t.Errorf("the config knows %q, those that tell are %q", got, want)
	}
}

// A run that is interrupted is one that did not come to its end, and that is told.
func TestInterruptionIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	h := newHook(t)
	h.heard = func(notify.Event) { cancel() }
	code, _ := h.run(t, ctx, "verify")
	told := slices.ContainsFunc(h.events, func(e notify.Event) bool {
		return e.Event == notify.Failure && e.Exit == 130 && strings.HasPrefix(e.Message, "interrupted")
	})
	if code != 130 || !told {
		t.Errorf("got %d and %+v", code, h.events)
	}
}

// A record and a receiver that hang do not hold up who stops a run: Kubernetes kills it
// after 30 seconds.
func TestInterruptionEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	h := newHook(t)
	hang := make(chan struct{})
	h.heard = func(notify.Event) { cancel(); <-hang }
	deaf := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(deaf.Close)
	t.Cleanup(func() { close(hang) }) // before both are closed
	h.env = []string{
		"VAPORA_BACKUP__AUDIT__URL=s3://record?region=x&path_style=true&endpoint=" + deaf.URL,
		"VAPORA_BACKUP__AUDIT__CREDENTIALS__ACCESS_KEY__ENV=KEY", "VAPORA_BACKUP__AUDIT__CREDENTIALS__SECRET_KEY__ENV=KEY", "KEY=k",
	}
	began := time.Now()
	code, talk := h.run(t, ctx, "backup", "db")
	if took := time.Since(began); code != 130 || took > 15*time.Second {
		t.Errorf("got %d after %s, want 130 within 15s; it said %s", code, took, talk)
	}
}

// A day on which nothing is to be done is no run: a dead man's switch must not take
// it for one.
func TestNoRunIsNotTold(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	day := strings.ToLower(time.Now().UTC().AddDate(0, 0, 3).Weekday().String())
	if code, talk := h.run(t, t.Context(), "restore-test", "--if", day); code != 0 || len(h.events) != 0 {
		t.Errorf("got %d and %+v; it said %s", code, h.events, talk)
	}
}
