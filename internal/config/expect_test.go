package config_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vapora-platform/vapora-backup/internal/config"
)

func TestExpectationHolds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expect, result string
		want, wantErr  bool
	}{
		{"not empty", `[{"id": "a:1"}]`, true, false},
		{"not empty", `[]`, false, false},
		{"not empty", `null`, false, false},
		{"not empty", `0`, false, false},
		{"not empty", `false`, false, false},
		{"not empty", `[{"count": 0}]`, false, false},
		{"not empty", `[{"count": 3}]`, true, false},
		{"not empty", `[0]`, false, false},
		{"not empty", `{"name": ""}`, false, false},
		{"not empty", `[[]]`, false, false},
		{"not empty", `[{"count": 0, "name": "x"}]`, true, false},
		{"not empty", `[{"count": 0}, {"count": 0}]`, true, false},
		{"count > 0", `[{"count": 3}]`, true, false},
		{"count > 0", `[{"count": 0}]`, false, false},
		{"count > 0", `3`, true, false},
		{"count = 3", `[{"total": 3}]`, true, false},
		{"count != 3", `3`, false, false},
		{"count >= 3", `3`, true, false},
		{"count < 3", `3`, false, false},
		{"count <= 3", `3`, true, false},
		{"count > 0", `"many"`, false, true},
		{"= [1, 2]", `[1, 2]`, true, false},
		{"= [1, 2]", `[2, 1]`, false, false},
		{"= true", `true`, true, false},
		{"not empty", `{`, false, true},
	} {
		e, err := config.ParseExpectation(c.expect)
		if err != nil {
			t.Fatal(err)
		}
		got, found, err := e.Holds(json.RawMessage(c.result))
		if strings.Contains(found, "many") || strings.Contains(found, "a:1") || strings.Contains(found, "[") {
			t.Errorf("%q of %s: found %q, want nothing of the result", c.expect, c.result, found)
		}
		if got != c.want || (err != nil) != c.wantErr {
			t.Errorf("%q of %s: got %v, %v, want %v, an error: %v", c.expect, c.result, got, err, c.want, c.wantErr)
		}
	}
}
