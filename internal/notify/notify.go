// Package notify tells people, and what watches over them, how a run went: a
// message in Slack, a JSON value that is posted to a webhook, the ping of a dead
// man's switch.
//
// It never decides whether a run was good, and a run never fails because nobody
// could be told of it.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Types of receivers.
const (
	Slack   = "slack"
	Webhook = "webhook"
	Ping    = "ping"
)

// Happenings that a receiver may be told of.
const (
	Start   = "start"
	Success = "success"
	Failure = "failure"
	// Alert is no run's end: it needs eyes, such as a safety that somebody
	// overrode. Whoever is told of failures is told of it, but for pings, which
	// speak of runs.
	Alert = "alert"
)

// An Event is what happened. A webhook gets it as it is.
type Event struct {
	Version int       `json:"version"` // 1
	Event   string    `json:"event"`
	Command string    `json:"command"` // "backup db"
	Host    string    `json:"host"`
	Actor   string    `json:"actor,omitempty"`
	Time    time.Time `json:"time"` // UTC
	Seconds float64   `json:"seconds,omitempty"`
	Exit    int       `json:"exit,omitempty"` // the code that the command ends with
	// Message is what an operator reads; Hint is what to type next.
	Message string `json:"message,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// Text is the event for a person, on one line and perhaps a second.
func (e Event) Text() string {
	what := map[string]string{Start: "started", Success: "is done", Failure: "FAILED", Alert: "needs eyes"}[e.Event]
	text := fmt.Sprintf("vapora-backup on %s: %s %s", e.Host, e.Command, what)
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Hint != "" {
		text += "\nhint: " + e.Hint
	}
	return text
}

// A Receiver is told of events.
type Receiver struct {
	Name string
	Type string
	URL  string   // a secret: it is in no error
	On   []string // empty: Failure
	// Commands are those of whose runs it is told; empty: of all.
	Commands []string
}

// Wants reports whether the receiver is to be told of such an event.
func (r Receiver) Wants(e Event) bool {
	if e.Event == Alert {
		return r.Type != Ping && r.on(Failure)
	}
	return r.on(e.Event) && (len(r.Commands) == 0 || slices.Contains(r.Commands, e.Command))
}

func (r Receiver) on(event string) bool {
	if len(r.On) == 0 {
		return event == Failure
	}
	return slices.Contains(r.On, event)
}

// attempts and patience bound how long a receiver that is down may keep a run.
const (
	attempts = 3
	patience = 5 * time.Second // for one attempt
)

// Send tells the receiver. It tries again where that may help: after a broken
// connection, a 429 or a 5xx.
func (r Receiver) Send(ctx context.Context, e Event) error {
	var err error
	for n := range attempts {
		if n > 0 {
			select {
			case <-ctx.Done():
				return fmt.Errorf("notify %s: %w", r.Name, err)
			case <-time.After(time.Duration(n) * 500 * time.Millisecond):
			}
		}
		var again bool
		if again, err = r.post(ctx, e); err == nil {
			return nil
		}
		if !again {
			break
		}
	}
	return fmt.Errorf("notify %s: %w", r.Name, err)
}

// post sends the event once, and says whether it is worth another attempt.
func (r Receiver) post(ctx context.Context, e Event) (again bool, _ error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	target, kind, body, err := r.request(e)
	if err != nil {
		return false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return false, errURL
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", "vapora-backup")
	// After a redirect a POST would be an empty GET, which counts as told, and the URL, a
	// secret, would go on as Referer.
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return true, bare(err)
	}
	defer res.Body.Close() // read only
	// A short answer lets the connection end well; what it says does not matter.
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10)
	switch res.StatusCode / 100 {
	case 2:
		return false, nil
	case 3:
		return false, errRedirects
	}
	return res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500, fmt.Errorf("it answers with status %d", res.StatusCode)
}

var errRedirects = errors.New("it redirects: give the final URL")

var errURL = errors.New("its URL is none: want https://…")

// request is where what is sent.
func (r Receiver) request(e Event) (target, kind string, body []byte, _ error) {
	u, err := url.Parse(strings.TrimSpace(r.URL))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", "", nil, errURL
	}
	switch r.Type {
	case Ping:
		if word := map[string]string{Start: "start", Failure: "fail"}[e.Event]; word != "" {
			u = u.JoinPath(word)
		}
		return u.String(), "text/plain; charset=utf-8", []byte(e.Text()), nil
	case Slack:
		body, err = json.Marshal(map[string]string{"text": e.Text()})
	default:
		body, err = json.Marshal(e)
	}
	return u.String(), "application/json", body, err
}

// bare takes the URL out of an error of net/http.
func bare(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
