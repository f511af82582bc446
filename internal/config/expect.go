package config

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
)

// An Expectation is what a query must say.
type Expectation struct {
	// NotEmpty: anything but none, null, false, zero, "" and an empty list.
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
