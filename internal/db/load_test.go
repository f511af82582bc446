package db_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/db"
	"github.com/vapora-platform/vapora-backup/internal/db/replay"
	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// loads carries out the plan of a dump against a server, which may be a fake.
func loads(t *testing.T, dump, url string, workers int) (*db.Loaded, error) {
	t.Helper()
	outline, err := surql.ReadOutline(strings.NewReader(dump), surql.Look{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := replay.New(outline, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client, err := db.Dial(db.Options{URL: url, Namespace: "n", Database: "d"})
	if err != nil {
		t.Fatal(err)
	}
	open := func(r surql.Range) io.ReadCloser {
		return io.NopCloser(io.NewSectionReader(strings.NewReader(dump), r.Offset, r.Length))
	}
	return (&db.Loader{Client: client, Plan: plan, Open: open, Workers: workers}).Run(t.Context())
}

// What goes into one import is bounded by bytes and by rows, and nothing is lost
// at the bounds. The server is a fake that takes everything: what is looked at is
// what it is sent.
func TestLoaderBoundsImports(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		rows, size int
	}{{"many small rows", 20_000, 1}, {"few large rows", 50, 200_000}, {"both at their bound", 6_000, 330}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dump := new(bytes.Buffer)
			dump.WriteString("OPTION IMPORT;\n\n-- TABLE: a\n\nDEFINE TABLE a TYPE ANY SCHEMALESS PERMISSIONS NONE;\n\n-- TABLE DATA: a\n\n")
			for i := range test.rows {
				switch {
				case i%1000 == 0:
					dump.WriteString("INSERT [ ")
				default:
					dump.WriteString(", ")
				}
				fmt.Fprintf(dump, "{ id: a:%d, t: '%s' }", i, strings.Repeat("x", test.size))
				if i%1000 == 999 || i == test.rows-1 {
					dump.WriteString(" ];\n")
				}
			}
			var mu sync.Mutex
			var bodies [][]byte
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				if r.URL.Path == "/import" {
					mu.Lock()
					bodies = append(bodies, body)
					mu.Unlock()
				}
				fmt.Fprint(w, "[]")
			}))
			defer srv.Close()
			done, err := loads(t, dump.String(), srv.URL, 3)
			if err != nil || done.Rows != int64(test.rows) || done.Failed != 0 {
				t.Fatalf("got %+v and %v, want %d rows", done, err, test.rows)
			}
			seen := 0
			for _, b := range bodies {
				rows := bytes.Count(b, []byte("{ id: a:"))
				seen += rows
				// One statement may stand over the bound of bytes.
				if len(b) > 4<<20 || rows > 6000 || !bytes.HasPrefix(b, []byte("OPTION IMPORT;\n")) {
					t.Errorf("got an import of %d bytes and %d rows that begins %.20q", len(b), rows, b)
				}
			}
			if seen != test.rows {
				t.Errorf("%d rows were sent, want %d", seen, test.rows)
			}
		})
	}
}

// The INSERTs of a large table become as large as the server likes them. The server is a
// fake: a disk's takes its time by the INSERT, one in memory by the square of its rows.
func TestLoaderFitsTheStore(t *testing.T) {
	t.Parallel()
	const rows = 40_000
	for name, test := range map[string]struct {
		costs func(rows int) time.Duration
		large bool
	}{
		"disk":   {func(int) time.Duration { return 20 * time.Millisecond }, true},
		"memory": {func(rows int) time.Duration { return time.Duration(rows*rows) * 250 * time.Nanosecond }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var inserts, large, got, mixed, imports, running, beside atomic.Int64
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				if n := running.Add(1); imports.Add(1) <= 5 && n > 1 {
					beside.Add(1)
				}
				defer running.Add(-1)
				sizes := map[int]int{}
				for s := range bytes.SplitSeq(body, []byte(";\n")) {
					if n := bytes.Count(s, []byte("{ id: a:")); n > 0 {
						inserts.Add(1)
						got.Add(int64(n))
						time.Sleep(test.costs(n))
						sizes[n]++
						if n > 200 {
							large.Add(1)
						}
					}
				}
				if sizes[600] > 0 && (sizes[600] != 3 || len(sizes) > 1) {
					mixed.Add(1)
				}
				fmt.Fprint(w, "[]")
			}))
			defer srv.Close()
			dump := "OPTION IMPORT;\n\n-- TABLE: a\n\nDEFINE TABLE a TYPE ANY SCHEMALESS PERMISSIONS NONE;\n\n-- TABLE DATA: a\n\nINSERT [ { id: a:1 }" +
				strings.Repeat(", { id: a:1 }", rows-1) + " ];\n"
			if _, err := loads(t, dump, srv.URL, 3); err != nil {
				t.Fatal(err)
			}
			if got.Load() != rows {
				t.Errorf("the server got %d rows, want %d", got.Load(), rows)
			}
			if beside.Load() > 0 {
				t.Errorf("%d of the first imports, which are measured, had others beside them", beside.Load())
			}
			if !test.large && (large.Load() != 9 || mixed.Load() > 0) {
				t.Errorf("%d large INSERTs were tried, want 9; %d imports of them were too long or had others beside them", large.Load(), mixed.Load())
			}
			if most := inserts.Load() / 4; test.large != (large.Load() > most) {
				t.Errorf("%d of %d INSERTs are large, want more than a quarter: %v", large.Load(), inserts.Load(), test.large)
			}
		})
	}
}
