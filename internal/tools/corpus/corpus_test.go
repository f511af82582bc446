package corpus_test

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
	"github.com/vapora-platform/vapora-backup/internal/tools/corpus"
)

func TestCorpusIsADump(t *testing.T) {
	t.Parallel()
	const size = 2 << 20
	var a, b bytes.Buffer
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := corpus.Write(w, size); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two corpora differ")
	}
	if got := a.Len(); got < size*99/100 || got > size*101/100 {
		t.Errorf("got %d bytes, want about %d", got, size)
	}
	o, err := surql.ReadOutline(bytes.NewReader(a.Bytes()), surql.Look{Walk: true})
	if err != nil {
		t.Fatal(err)
	}
	if share := 100 * o.Table(corpus.Small).Span.Length / o.Size; share > 2 {
		t.Errorf("table %s has %d %% of the bytes", corpus.Small, share)
	}
	// And a server takes it: nodes first, so that its edges find their ends.
	srv := surrealtest.Start(t, surrealtest.Options{})
	ns, database := srv.Fresh(t)
	srv.Import(t, ns, database, a.Bytes())
	for _, table := range o.Tables {
		n := string(srv.Query(t, ns, database, "RETURN count(SELECT VALUE id FROM "+table.Name+")")[0])
		if want := table.Records + table.Edges; n != strconv.FormatInt(want, 10) {
			t.Errorf("table %s: the server has %s records, want %d", table.Name, n, want)
		}
	}
}
