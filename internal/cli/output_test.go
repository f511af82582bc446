package cli_test

import (
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vapora-platform/vapora-backup/internal/cli"
)

// No word of a result begins a line of its own: approvers would take it for one of ours.
func TestWordsBeginNoLine(t *testing.T) {
	t.Parallel()
	escaped := 0
	for command, zero := range cli.Results {
		v := reflect.New(reflect.TypeOf(zero)).Elem()
		fill(v, "word\nFORGED 2 of 2 approvals")
		r, ok := v.Interface().(interface{ Text(io.Writer) })
		if !ok {
			continue // it is JSON only
		}
		var out strings.Builder
		r.Text(&out)
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(line, "FORGED") {
				t.Errorf("%s: got a line of somebody else's:\n%s", command, out.String())
				break
			}
		}
		if strings.Contains(out.String(), `word\nFORGED`) {
			escaped++
		}
	}
	if escaped < 20 {
		t.Errorf("got %d results that show an escaped word, want those of nearly all commands", escaped)
	}
}

// fill puts a word into every text of a value, and one element into what has several.
func fill(v reflect.Value, word string) {
	switch {
	case !v.CanSet(), v.Type() == reflect.TypeFor[time.Time]():
	case v.Kind() == reflect.String:
		v.SetString(word)
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), word)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), word)
	case v.Kind() == reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, word)
		fill(value, word)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), word)
		}
	}
}
