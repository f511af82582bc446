package notify

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A fake stands for Slack, a webhook and a dead man's switch: none of them is free
// to run here. It keeps what it got and answers as it is told.
type fake struct {
	*httptest.Server
	mu      sync.Mutex
	paths   []string
	bodies  []string
	kinds   []string
	answers []int // for the first requests; then 200
}

func newFake(t *testing.T, answers ...int) *fake {
	f := &fake{answers: answers}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.paths, f.bodies, f.kinds = append(f.paths, r.Method+" "+r.URL.Path), append(f.bodies, string(body)), append(f.kinds, r.Header.Get("Content-Type"))
		if n := len(f.paths); n <= len(f.answers) {
			w.WriteHeader(f.answers[n-1])
		}
	}))
	t.Cleanup(f.Close)
	return f
}

var failed = Event{
	Version: 1, Event: Failure, Command: "backup db", Host: "node-1", Time: time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC),
	Seconds: 2.5, Exit: 1, Message: "back up vapora: got 3 records, want 4", Hint: "vapora-backup backup db",
}

const failedText = "vapora-backup on node-1: backup db FAILED: back up vapora: got 3 records, want 4\nhint: vapora-backup backup db"

func TestReceivers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind, event, path string
		body              func(*testing.T, string)
	}{
		{Slack, Failure, "POST /x", func(t *testing.T, body string) {
			var got map[string]string
			if err := json.Unmarshal([]byte(body), &got); err != nil || !cmp.Equal(got, map[string]string{"text": failedText}) {
				t.Errorf("got %s (%v)", body, err)
			}
		}},
		{Webhook, Failure, "POST /x", func(t *testing.T, body string) {
			var got Event
			if err := json.Unmarshal([]byte(body), &got); err != nil || !cmp.Equal(got, failed) {
				t.Errorf("got %s (%v)", body, err)
			}
		}},
		{Ping, Failure, "POST /x/fail", func(t *testing.T, body string) {
			if body != failedText {
				t.Errorf("got %q", body)
			}
		}},
		{Ping, Start, "POST /x/start", func(*testing.T, string) {}},
		{Ping, Success, "POST /x", func(*testing.T, string) {}},
	} {
		t.Run(test.kind+" "+test.event, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			e := failed
			e.Event = test.event
			if err := (Receiver{Name: "r", Type: test.kind, URL: f.URL + "/x\n"}).Send(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(f.paths, []string{test.path}) {
				t.Fatalf("got %q, want %q", f.paths, test.path)
			}
			test.body(t, f.bodies[0])
		})
	}
}

func TestTriesAgain(t *testing.T) {
	t.Parallel()
	f := newFake(t, 503, 429)
	if err := (Receiver{Name: "r", Type: Webhook, URL: f.URL}).Send(t.Context(), failed); err != nil || len(f.paths) != 3 {
		t.Errorf("got %d attempts and %v, want 3 and none", len(f.paths), err)
	}
	f = newFake(t, 404, 200)
	err := (Receiver{Name: "r", Type: Webhook, URL: f.URL}).Send(t.Context(), failed)
	if err == nil || !strings.Contains(err.Error(), "status 404") || len(f.paths) != 1 {
		t.Errorf("got %d attempts and %v, want one and its status", len(f.paths), err)
	}
}

// The URL of a webhook is a secret, and errors of net/http hold it.
func TestNoSecretInErrors(t *testing.T) {
	t.Parallel()
	gone := newFake(t)
	gone.Close()
	for _, url := range []string{gone.URL + "/s3cret", "mailto:s3cret@example.org", "http://h\x7fost/s3cret", ""} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := (Receiver{Name: "ops", Type: Slack, URL: url}).Send(ctx, failed)
		cancel()
		if err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "notify ops: ") {
			t.Errorf("%q: got %v", url, err)
		}
	}
}

func TestWants(t *testing.T) {
	t.Parallel()
	all := []string{Start, Success, Failure, Alert}
	for _, test := range []struct {
		r    Receiver
		want []string
	}{
		{Receiver{Type: Slack}, []string{Failure, Alert}},
		{Receiver{Type: Webhook, On: []string{Success}}, []string{Success}},
		{Receiver{Type: Webhook, On: []string{Start, Failure}}, []string{Start, Failure, Alert}},
		{Receiver{Type: Ping, On: []string{Start, Success, Failure}}, []string{Start, Success, Failure}},
		{Receiver{Type: Ping, On: []string{Start, Success}, Commands: []string{"sync", "backup db"}}, []string{Start, Success}},
		{Receiver{Type: Ping, On: []string{Start, Success}, Commands: []string{"backup"}}, nil},
		{Receiver{Type: Slack, Commands: []string{"sync"}}, []string{Alert}},
	} {
		var got []string
		for _, e := range all {
			if test.r.Wants(Event{Event: e, Command: "backup db"}) {
				got = append(got, e)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%+v: got %q, want %q", test.r, got, test.want)
		}
	}
}
