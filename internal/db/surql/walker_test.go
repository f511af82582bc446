package surql_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db/surql"
)

// rowsBut is a dump of many rows, of which the one in the middle has another value.
func rowsBut(value string) string {
	const n = 20_000
	var b strings.Builder
	b.WriteString("OPTION IMPORT;\n\n-- TABLE: a\n\nDEFINE TABLE a TYPE ANY SCHEMALESS PERMISSIONS NONE;\n\n-- TABLE DATA: a\n\n")
	for i := range n {
		v := "'a text of some length, so that rows go to be walked in many pieces'"
		if i == n/2 {
			v = value
		}
		fmt.Fprintf(&b, "INSERT [ { id: a:%d, v: %s } ];\n", i, v)
	}
	return b.String()
}

// A row is looked into wherever it stands, and one that is malformed says where.
func TestRowsAreWalked(t *testing.T) {
	t.Parallel()
	if o, err := surql.ReadOutline(strings.NewReader(rowsBut("NONE")), surql.Look{Walk: true}); err != nil || o.Table("a").Empty != 1 || o.Old {
		t.Errorf("got %+v and %v, want one row with a field that is NONE", o, err)
	}
	if o, err := surql.ReadOutline(strings.NewReader(rowsBut("<future> { 1 + 1 }")), surql.Look{Walk: true}); err != nil || !o.Old {
		t.Errorf("got %+v and %v, want a dump of 2.x", o, err)
	}
	for value, sound := range map[string]bool{"'a'": true, "`a`": false, "2.50dec": false} {
		o, err := surql.ReadOutline(strings.NewReader(rowsBut(value)), surql.Look{Walk: true})
		if err != nil || o.Table("a").Sound != sound {
			t.Errorf("a row with %s among others: %v, want sound: %v", value, err, sound)
		}
	}
	if o, err := surql.ReadOutline(strings.NewReader(rowsBut("'a'")), surql.Look{}); err != nil || o.Table("a").Sound {
		t.Errorf("rows that nobody walked are called sound (%v)", err)
	}
	bad := rowsBut("t: ")
	if _, err := surql.ReadOutline(strings.NewReader(bad), surql.Look{}); err != nil {
		t.Fatalf("the scanner takes no such row: %v", err)
	}
	at := fmt.Sprintf("near byte %d", strings.Index(bad, "{ id: a:10000,"))
	for name, text := range map[string]string{"whole": bad, "cut short behind it": bad[:len(bad)-10], "only little behind it": bad[:strings.Index(bad, "INSERT [ { id: a:10002,")]} {
		if _, err := surql.ReadOutline(strings.NewReader(text), surql.Look{Walk: true}); !errors.Is(err, surql.ErrSyntax) || !strings.Contains(err.Error(), at) {
			t.Errorf("%s: got %v, want a malformed row %s", name, err, at)
		}
	}
	sum := int64(0)
	if _, err := surql.ReadOutline(strings.NewReader(rowsBut("42")), surql.Look{Walk: true, Ints: func(table string, field []byte, n int64) {
		if table == "a" && string(field) == "v" {
			sum += n
		}
	}}); err != nil || sum != 42 {
		t.Errorf("the integers add up to %d, %v", sum, err)
	}
}
