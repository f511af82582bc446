package db_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/db"
)

// dumped is a dump with one parameter.
func dumped(param string) string {
	return "-- ------------------------------\n-- OPTION\n-- ------------------------------\n\nOPTION IMPORT;\n\n" +
		"-- ------------------------------\n-- PARAMS\n-- ------------------------------\n\n" + param + ";\n\n"
}

func described(t *testing.T, text string) db.Inventory {
	t.Helper()
	inv, err := db.Describe(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if inv.Definitions["param"] != 1 {
		t.Fatalf("got definitions %v, want one parameter", inv.Definitions)
	}
	return inv
}

// The hash lies in clear: who guesses the value of a parameter learns nothing of it.
func TestSchemaHashTellsNoParameter(t *testing.T) {
	t.Parallel()
	first := described(t, dumped("DEFINE PARAM $pin VALUE '1234' PERMISSIONS FULL")).SchemaHash
	for _, other := range []string{
		"DEFINE PARAM $pin VALUE '9876' PERMISSIONS FULL", "DEFINE PARAM $pin VALUE { comment: '9876' } COMMENT 'it is 9876' PERMISSIONS FULL",
		"DEFINE PARAM $pin VALUE (SELECT * FROM comment WHERE id = '9876') PERMISSIONS FULL",
	} {
		if got := described(t, dumped(other)).SchemaHash; got != first || !strings.HasPrefix(got, "3:") {
			t.Errorf("%s: got %s, want %s", other, got, first)
		}
	}
	if got := described(t, dumped("DEFINE PARAM $code VALUE '1234' PERMISSIONS FULL")).SchemaHash; got == first {
		t.Error("another name made the same hash")
	}
}

// What was hashed before with the values in it is compared as before.
func TestSchemaHashOfBefore(t *testing.T) {
	t.Parallel()
	text := dumped("DEFINE PARAM $pin VALUE '1234' PERMISSIONS FULL")
	inv := described(t, text)
	sum := sha256.Sum256([]byte("DEFINE PARAM $pin VALUE '1234' PERMISSIONS FULL;"))
	inv.SchemaHash = "2:" + hex.EncodeToString(sum[:])
	if err := inv.Inspect(strings.NewReader(text)); err != nil {
		t.Errorf("the same: got %v", err)
	}
	if err := inv.Inspect(strings.NewReader(strings.Replace(text, "1234", "9876", 1))); err == nil || !strings.Contains(err.Error(), "its definitions are others") {
		t.Errorf("another value: got %v", err)
	}
}
