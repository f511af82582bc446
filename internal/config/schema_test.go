package config_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"
)

// describe fails for a key without a description.
func describe(t *testing.T, schema map[string]any, path string) {
	t.Helper()
	for key, value := range object(schema["properties"]) {
		p, s := path+"."+key, object(value)
		if text, _ := s["description"].(string); text == "" {
			t.Errorf("%s has no description", p)
		}
		if low, ok := s["minimum"].(float64); ok && low > s["maximum"].(float64) {
			t.Errorf("%s: range from %v to %v", p, low, s["maximum"])
		}
		describe(t, s, p)
		if items, ok := s["items"].(map[string]any); ok {
			describe(t, items, p+"[]")
		}
	}
}

// violations holds a value against as much of JSON Schema as ours uses.
func violations(schema map[string]any, value any, path string) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, path+": "+fmt.Sprintf(format, args...)) }
	number := typeOf(value) == "integer" && slices.Contains(types(schema["type"]), "number")
	if !number && !slices.Contains(types(schema["type"]), typeOf(value)) {
		fault("got %s, want %v", typeOf(value), schema["type"])
		return faults
	}
	switch v := value.(type) {
	case string:
		if p, ok := schema["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
			fault("%q is not %s", v, p)
		}
		if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, any(v)) {
			fault("%q is not one of %v", v, enum)
		}
		if least, ok := schema["minLength"].(float64); ok && len(v) < int(least) {
			fault("empty")
		}
	case int:
		if low, ok := schema["minimum"].(float64); ok && (v < int(low) || v > int(schema["maximum"].(float64))) {
			fault("%d is out of range", v)
		}
	case []any:
		for i, item := range v {
			faults = append(faults, violations(object(schema["items"]), item, fmt.Sprintf("%s[%d]", path, i))...)
		}
	case map[string]any:
		if most, ok := schema["maxProperties"].(float64); ok && len(v) != int(most) {
			fault("%d keys", len(v))
		}
		required, _ := schema["required"].([]any)
		for _, key := range required {
			if _, ok := v[key.(string)]; !ok {
				fault("%v is missing", key)
			}
		}
		for key, item := range v {
			if property, ok := object(schema["properties"])[key]; ok {
				faults = append(faults, violations(object(property), item, path+"."+key)...)
			} else {
				fault("unknown key %s", key)
			}
		}
	}
	return faults
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func types(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var names []string
		for _, name := range v {
			names = append(names, name.(string))
		}
		return names
	}
	return nil
}

func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string, time.Time: // which editors see as it is written
		return "string"
	case bool:
		return "boolean"
	case int:
		return "integer"
	case float64:
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return fmt.Sprintf("%T", v)
}
