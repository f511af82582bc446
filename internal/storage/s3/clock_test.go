package s3_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage/s3"
)

func TestClock(t *testing.T) {
	t.Parallel()
	for _, p := range all {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			o := options(s3test.Start(t, p), "no-such-bucket")
			o.AccessKey, o.SecretKey = "nobody", "nothing" // it needs no right
			got, err := open(t, o).Time(t.Context())
			if off := time.Since(got).Abs(); err != nil || off > 5*time.Second || got.Location() != time.UTC || got.Nanosecond() != 0 {
				t.Errorf("got %v, %v, want now in UTC, to the second", got, err)
			}
		})
	}
}

func TestClockOfAServerThatDoesNotTell(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header()["Date"] = nil }))
	o := s3.Options{Bucket: "b", Endpoint: srv.URL, AccessKey: "a", SecretKey: "s"}
	if got, err := open(t, o).Time(t.Context()); err != nil || !got.IsZero() {
		t.Errorf("got %v, %v, want no time", got, err)
	}
	srv.Close()
	if _, err := open(t, o).Time(t.Context()); err == nil || !strings.Contains(err.Error(), "no connection to "+srv.URL) {
		t.Errorf("nobody there: got %v, want no connection", err)
	}
}

// The clock is asked where everything else is.
func TestClockAtTheEndpointOfTheEnvironment(t *testing.T) {
	when := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", when.Format(http.TimeFormat))
	}))
	t.Cleanup(srv.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", srv.URL)
	s := open(t, s3.Options{Bucket: "b", Region: "eu-central-1", AccessKey: "a", SecretKey: "s"})
	if got, err := s.Time(t.Context()); err != nil || !got.Equal(when) {
		t.Errorf("got %v, %v, want %v", got, err, when)
	}
}
