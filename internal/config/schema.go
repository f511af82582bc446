package config

import "encoding/json"

// The patterns are those of UnmarshalText, for editors.
const (
	sizePattern     = `^(0|[0-9.]+([kMGT]?B|[KMGT]iB))$`
	durationPattern = `^(0|([0-9.]+(y|w|d|h|ms|us|µs|ns|m|s))+)$`
	namePattern     = `^[a-z0-9][a-z0-9._-]{0,62}$`
	untilPattern    = `^(expiry|` + "([0-9.]+(y|w|d|h|ms|us|µs|ns|m|s))+" + `)$`
	percentPattern  = `^[0-9.]+%?$`
	momentPattern   = `^[0-9]{4}-[0-9]{2}-[0-9]{2}(T.*)?$`
	envPattern      = `^[A-Za-z_][A-Za-z0-9_]*$`
)

// Schema is the JSON Schema (draft 2020-12) of the file, for editors. It knows
// what stands at one place; what must agree between places only Load checks.
func Schema() ([]byte, error) {
	s := rootSpec().schema()
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "vapora-backup"
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

func (s *spec) schema() map[string]any {
	m := s.shape()
	if s.doc != "" {
		m["description"] = s.doc
	}
	if s.def != "" {
		n := &node{value: s.def}
		m["default"] = n.plain(s)
	}
	return m
}

func (s *spec) shape() map[string]any {
	pattern := func(p string) map[string]any { return map[string]any{"type": "string", "pattern": p} }
	switch s.kind {
	case number:
		return map[string]any{"type": "integer", "minimum": s.low, "maximum": s.high}
	case toggle:
		return map[string]any{"type": "boolean"}
	case size:
		return map[string]any{"type": []string{"string", "integer"}, "pattern": sizePattern, "maximum": 0, "minimum": 0}
	case duration:
		return pattern(durationPattern)
	case percent:
		return map[string]any{"type": []string{"string", "number"}, "pattern": percentPattern, "minimum": 0, "maximum": 100}
	case secret:
		return secretSchema()
	case listOf:
		return map[string]any{"type": "array", "items": s.elem.schema()}
	case sectionOf:
		return s.sectionSchema()
	}
	switch {
	case s.form == "name":
		return pattern(namePattern)
	case s.form == "moment":
		return pattern(momentPattern)
	case s.form == "until":
		return pattern(untilPattern)
	case len(s.enum) > 0:
		return map[string]any{"type": "string", "enum": s.enum}
	}
	return map[string]any{"type": "string", "minLength": 1}
}

func (s *spec) sectionSchema() map[string]any {
	properties := map[string]any{}
	required := []string{}
	for _, f := range s.fields {
		properties[f.name] = f.schema()
		if f.need {
			required = append(required, f.name)
		}
	}
	return map[string]any{
		"type": "object", "properties": properties, "required": required, "additionalProperties": false,
	}
}

func secretSchema() map[string]any {
	return map[string]any{
		"type": "object",
		"properties": map[string]any{
			"env":  map[string]any{"type": "string", "pattern": envPattern, "description": "The variable of the environment that holds it."},
			"file": map[string]any{"type": "string", "minLength": 1, "description": "The file that holds it."},
		},
		"minProperties": 1, "maxProperties": 1, "additionalProperties": false,
	}
}
