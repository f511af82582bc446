package s3_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/hint"
	"github.com/vapora-platform/vapora-backup/internal/s3test"
	"github.com/vapora-platform/vapora-backup/internal/storage"
)

// From cold over thawing to readable, for small and large objects.
func TestColdObjectsAreThawed(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Moto)
	srv.SlowThaw(t, 5)
	var restores atomic.Int64
	px := proxy{before: func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("restore") {
			restores.Add(1)
		}
		return false
	}}
	s := open(t, options(px.start(t, srv), srv.Bucket(t)))
	for class, tiers := range map[string]string{"GLACIER": "Standard Bulk Expedited", "DEEP_ARCHIVE": "Standard Bulk"} {
		for _, size := range []int64{small, large} {
			key := fmt.Sprint("kind/", class, size)
			if err := s.Put(t.Context(), key, zeros(size), storage.PutOptions{Class: class}); err != nil {
				t.Fatal(err)
			}
			if _, err := read(t, s, key); !errors.Is(err, storage.ErrCold) || hint.Of(err) == "" {
				t.Errorf("%s: get: got %v, want ErrCold with a hint", key, err)
			}
			if _, err := s.GetRange(t.Context(), key, 0, 1); !errors.Is(err, storage.ErrCold) {
				t.Errorf("%s: get a range: got %v, want ErrCold", key, err)
			}
			got, err := s.Temperature(t.Context(), key)
			var names []string
			for _, tier := range got.Tiers {
				names = append(names, tier.Name)
				if tier.Within <= 0 {
					t.Errorf("%s: tier %s takes %v", key, tier.Name, tier.Within)
				}
			}
			if err != nil || got.Class != class || !got.Cold || got.Thawing || !got.Until.IsZero() || strings.Join(names, " ") != tiers {
				t.Errorf("%s: got %+v, %v, want it cold, with the tiers %s", key, got, err, tiers)
			}

			restores.Store(0)
			for range 2 { // the second one finds it under way
				if err := s.Thaw(t.Context(), key, "", 3); err != nil {
					t.Fatal(err)
				}
			}
			if n := restores.Load(); n != 1 {
				t.Errorf("%s: got %d requests to thaw, want 1", key, n)
			}
			if got, err := s.Temperature(t.Context(), key); err != nil || !got.Cold || !got.Thawing {
				t.Errorf("%s: got %+v, %v, want it thawing", key, got, err)
			}
			if _, err := read(t, s, key); !errors.Is(err, storage.ErrCold) {
				t.Errorf("%s: get while it thaws: got %v, want ErrCold", key, err)
			}
			poll(t, func() bool {
				got, err = s.Temperature(t.Context(), key)
				return err != nil || !got.Cold
			})
			if days := time.Until(got.Until).Hours() / 24; err != nil || got.Thawing || days < 2 || days > 4 || got.Until.Location() != time.UTC {
				t.Errorf("%s: got %+v, %v, want it readable for three days", key, got, err)
			}
			if data, err := read(t, s, key); err != nil || int64(len(data)) != size {
				t.Errorf("%s: got %d bytes, %v, want %d", key, len(data), err, size)
			}
			if err := s.Thaw(t.Context(), key, "", 3); err != nil {
				t.Errorf("%s: thaw what is readable: %v", key, err)
			}
		}
	}
}

func TestThawThatIsRefused(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Moto)
	s := open(t, options(srv, srv.Bucket(t)))
	if err := s.Put(t.Context(), "kind/cold", zeros(small), storage.PutOptions{Class: "DEEP_ARCHIVE"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "kind/warm", zeros(small), storage.PutOptions{Class: "STANDARD_IA"}); err != nil {
		t.Fatal(err)
	}
	err := s.Thaw(t.Context(), "kind/cold", "Expedited", 3)
	if err == nil || !strings.Contains(err.Error(), `class DEEP_ARCHIVE knows no tier "Expedited"`) || !strings.Contains(hint.Of(err), "Standard, Bulk") {
		t.Errorf("got %v, hint %q, want an error that tells of the tiers", err, hint.Of(err))
	}
	if got, err := s.Temperature(t.Context(), "kind/cold"); err != nil || got.Thawing || !got.Cold {
		t.Errorf("got %+v, %v, want it as cold as before", got, err)
	}
	if err := s.Thaw(t.Context(), "kind/cold", "", 0); err == nil {
		t.Error("for no day: no error")
	}
	if err := s.Thaw(t.Context(), "kind/warm", "", 3); err != nil {
		t.Errorf("an object that is never cold: %v", err)
	}
	if got, err := s.Temperature(t.Context(), "kind/warm"); err != nil || got.Class != "STANDARD_IA" || got.Cold || got.Tiers != nil {
		t.Errorf("got %+v, %v, want a class that is never cold", got, err)
	}
	_, missing := s.Temperature(t.Context(), "kind/nowhere")
	for what, err := range map[string]error{"temperature": missing, "thaw": s.Thaw(t.Context(), "kind/nowhere", "", 3)} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of what is missing: got %v, want fs.ErrNotExist", what, err)
		}
	}
}

// What is asked for, also of the class that says with each object how cold it
// is, and that another one was quicker is no error.
func TestThawRequest(t *testing.T) {
	t.Parallel()
	srv := s3test.Start(t, s3test.Moto)
	bucket := srv.Bucket(t)
	for _, test := range []struct{ class, archive, tiers, want string }{
		{"GLACIER", "", "Standard Bulk Expedited", "<Days>3</Days>"},
		{"INTELLIGENT_TIERING", "ARCHIVE_ACCESS", "Standard Bulk Expedited", ""},
		{"INTELLIGENT_TIERING", "DEEP_ARCHIVE_ACCESS", "Standard Bulk", ""},
	} {
		var asked string
		px := proxy{
			before: func(w http.ResponseWriter, r *http.Request) bool {
				if !r.URL.Query().Has("restore") {
					return false
				}
				body, _ := io.ReadAll(r.Body)
				asked = string(body)
				answer(409, "RestoreAlreadyInProgress")(w, r)
				return true
			},
			after: func(r *http.Response) error {
				if test.archive != "" {
					r.Header.Set("X-Amz-Archive-Status", test.archive)
				}
				return nil
			},
		}
		s := open(t, options(px.start(t, srv), bucket))
		key := "kind/" + test.class + test.archive
		if err := s.Put(t.Context(), key, zeros(small), storage.PutOptions{Class: test.class}); err != nil {
			t.Fatal(err)
		}
		got, err := s.Temperature(t.Context(), key)
		if err != nil || !got.Cold || got.Class != test.class || len(got.Tiers) != len(strings.Fields(test.tiers)) {
			t.Errorf("%s: got %+v, %v, want it cold, with the tiers %s", key, got, err, test.tiers)
		}
		if err := s.Thaw(t.Context(), key, "Bulk", 3); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		if !strings.Contains(asked, "<Tier>Bulk</Tier>") || !strings.Contains(asked, test.want) || strings.Contains(asked, "Days") != (test.want != "") {
			t.Errorf("%s: got %s, want Bulk and %q", key, asked, test.want)
		}
	}
}
