package restore_test

import (
	"fmt"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/surrealtest"
)

// Edges of one record that come in several imports at once write one key, where a server
// of 3.3 keeps them inline: only one import gets through, and the others are sent again.
func TestManyEdgesOfOneRecord(t *testing.T) {
	t.Parallel()
	clause := "INLINE EDGES 200"
	if surrealtest.Start(t, surrealtest.Options{}).Engine == "npm" { // 3.0 has no such clause
		clause = "SCHEMALESS"
	}
	comesBack(t, fmt.Sprintf(`DEFINE TABLE p %s; CREATE p:0 RETURN NONE;
		FOR $i IN 0..4000 { RELATE p:0->k->(type::record('q', $i)) SET t = 'some text that is not too short' RETURN NONE; }`, clause),
		"RETURN count(p:0->k)", "RETURN count(p:0->k->q)")
}

// An edge that is no record lies between the records that its line names, whatever their
// keys hold.
func TestLightweightEdgesBetweenOddRecords(t *testing.T) {
	t.Parallel()
	sql := "CREATE a:[11.10dec - 0.10dec], a:[{ type: 'Point', coordinates: [1, 2] }], a:['->'], b:['x'] RETURN NONE;"
	if surrealtest.Start(t, surrealtest.Options{}).Engine == "real" { // 3.0 knows no such edges
		sql += "DEFINE TABLE k TYPE RELATION IN a | b OUT a | b LIGHTWEIGHT; RELATE (SELECT VALUE id FROM a)->k->b:['x']; RELATE b:['x']->k->(SELECT VALUE id FROM a)"
	}
	comesBack(t, sql, "SELECT id, ->k->b AS b, <-k<-b AS r FROM a", "SELECT <-k<-a AS a, ->k->a AS r FROM b")
}
