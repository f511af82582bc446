package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
)

// An Expectation is what a query must say.
type Expectation struct {
	// NotEmpty: anything but none, null, false, zero, "" and an empty list, or one row
	// with only such a value.
	NotEmpty bool
	// Compare is one of = != > >= < <= for a number, with Number.
	Compare string
	Number  float64
	// Value is the JSON that the result must be equal to, nil if Compare is set.
	Value json.RawMessage
}

var comparison = regexp.MustCompile(`^count *(=|!=|>=|<=|>|<) *(-?[0-9.]+)$`)

// ParseExpectation reads "not empty", "count > 0" or "= VALUE".
func ParseExpectation(s string) (Expectation, error) {
	if s == "not empty" || s == "" {
		return Expectation{NotEmpty: true}, nil
	}
	if m := comparison.FindStringSubmatch(s); m != nil {
		n, err := strconv.ParseFloat(m[2], 64)
		if err == nil {
			return Expectation{Compare: m[1], Number: n}, nil
		}
	}
	if len(s) > 1 && s[0] == '=' && json.Valid([]byte(s[1:])) {
		return Expectation{Value: json.RawMessage(s[1:])}, nil
	}
	return Expectation{}, fmt.Errorf("%q is nothing that can be expected", clip(s))
}

// Holds says whether a result of a query is what is expected, and what was found:
// the number that was compared, and nothing else of the result. Of a list of one row
// the row counts, and of a row its "count", or its only value.
func (e Expectation) Holds(result json.RawMessage) (ok bool, found string, err error) {
	var v any
	if err := json.Unmarshal(result, &v); err != nil {
		return false, "", errors.New("the result is no JSON")
	}
	if e.Compare != "" {
		n, counts := count(v)
		if !counts {
			return false, "", errors.New("the result is no number and counts nothing")
		}
		return e.compare(n), fmt.Sprintf("got %s, want count %s %s", decimal(n), e.Compare, decimal(e.Number)), nil
	}
	if e.Value != nil {
		var want any
		if err := json.Unmarshal(e.Value, &want); err != nil {
			return false, "", err
		}
		ok = reflect.DeepEqual(v, want)
	} else {
		ok = !empty(only(v))
	}
	if !ok {
		return false, "not as expected", nil
	}
	return true, "as expected", nil
}

func (e Expectation) compare(n float64) bool {
	switch e.Compare {
	case "=":
		return n == e.Number
	case "!=":
		return n != e.Number
	case ">":
		return n > e.Number
	case ">=":
		return n >= e.Number
	case "<":
		return n < e.Number
	}
	return n <= e.Number
}
func decimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// only is what a result comes down to: the row of a list of one, and the value of a
// row of one. A count of nothing is [{"count": 0}].
func only(v any) any {
	if list, ok := v.([]any); ok && len(list) == 1 {
		v = list[0]
	}
	if row, ok := v.(map[string]any); ok && len(row) == 1 {
		for _, value := range row {
			return value
		}
	}
	return v
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case float64:
		return v == 0
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// count is the number that a result says. Nothing at all counts as none.
func count(v any) (float64, bool) {
	switch v := v.(type) {
	case nil:
		return 0, true
	case float64:
		return v, true
	case []any:
		switch len(v) {
		case 0:
			return 0, true
		case 1:
			return count(v[0])
		}
		return float64(len(v)), true
	case map[string]any:
		if c, ok := v["count"].(float64); ok {
			return c, true
		}
		if len(v) == 1 {
			for _, only := range v {
				n, ok := only.(float64)
				return n, ok
			}
		}
	}
	return 0, false
}
