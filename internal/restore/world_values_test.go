package restore_test

import "strings"

// kind draws the type of a field.
func (w *world) kind(depth int) string {
	inner := func() string { return strings.TrimSuffix(w.kind(depth-1), " FLEXIBLE") }
	n := 14
	if depth > 0 {
		n = 24
	}
	switch w.IntN(n) {
	case 0, 1:
		return "string"
	case 2, 3:
		return "int"
	case 4:
		return "any"
	case 5:
		return w.of("float", "decimal", "number")
	case 6:
		return "bool"
	case 7:
		return w.of("datetime", "duration", "uuid", "bytes", "regex", "range")
	case 8:
		return w.of("object", "object FLEXIBLE")
	case 9:
		return w.of("geometry", "geometry<point>", "geometry<polygon|point>")
	case 10, 11:
		return "record<" + quote(w.of(w.all()...)) + w.maybe(20, "|"+quote(w.of(w.all()...))) + ">"
	case 12:
		return "record"
	case 13:
		return w.of("'a' | 'b'", "1 | 2", "true | string", "{ k: int }", "{ k: 'x', v: string } | { k: 'y', n: int }", "[int, string]", "null")
	case 14, 15, 16:
		return "option<" + inner() + ">"
	case 17, 18:
		return "array<" + inner() + w.maybe(15, ", 5") + ">"
	case 19:
		return "set<" + inner() + ">"
	case 20:
		return inner() + " | " + inner()
	case 21:
		return "array"
	case 22:
		return inner() + " | null"
	}
	return "array<object> FLEXIBLE"
}

// content draws the fields of a row, most of them of their types. What views sum is a
// number: a server takes no view over others, and says so.
func (w *world) content(table string) string {
	var parts []string
	seen := map[string]bool{}
	for _, f := range w.fields[table] {
		top, below, nested := strings.Cut(f.name, ".")
		if seen[top] {
			continue
		}
		seen[top] = true
		v := w.fit(f.kind, 2)
		switch {
		case nested && below == "*":
			v = "[" + v + ", " + w.fit(f.kind, 1) + "]"
		case nested:
			v = "{ x: " + v + ", g: { h: " + v + " } }"
		}
		if w.IntN(8) == 0 {
			v = w.value(2)
		}
		if w.IntN(10) > 0 {
			parts = append(parts, top+": "+v)
		}
	}
	for _, f := range []string{"extra", "n", "a", "b"} {
		switch {
		case seen[f] || w.IntN(3) > 0:
		case f == "n":
			parts = append(parts, "n: "+w.of("1", "2", "3.5", "1.5dec"))
		default:
			parts = append(parts, f+": "+w.of("1", "2", "3.5", "'x'", "true", "NONE", "1.5dec", w.value(2), w.end()))
		}
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// literals are values of types that have no other in them.
var literals = map[string][]string{
	"int": {"1", "2", "3", "-5"}, "float": {"1f", "1.5", "-0f", "2f"}, "decimal": {"1dec", "1.50dec", "3dec", "0.1dec"}, "number": {"1", "2f", "3dec"},
	"bool": {"true", "false"}, "datetime": {"d'2024-02-29T12:34:56.123456789Z'"}, "duration": {"1h30m"}, "uuid": {"u'018f5b2e-7c3a-7000-8000-000000000001'"},
	"bytes": {`b"00FF"`}, "regex": {"/a'b/"}, "range": {"1..5"}, "geometry": {"(1.5, -2)"}, "geometry<point>": {"(1.5, -2)"}, "geometry<polygon|point>": {"(1.5, -2)"},
	"null": {"NULL"}, "'a'": {"'a'"}, "'b'": {"'b'"}, "1": {"1"}, "2": {"2"}, "true": {"true"}, "{ k: int }": {"{ k: 1 }"}, "[int, string]": {"[1, 'x']"},
}

// fit draws a value of a type, mostly.
func (w *world) fit(kind string, depth int) string {
	kind, _, _ = strings.Cut(kind, " REFERENCE")
	kind = strings.TrimSuffix(kind, " FLEXIBLE")
	if i := strings.LastIndex(kind, " | "); i > 0 && !strings.HasPrefix(kind, "{") && strings.Count(kind[:i], "<") == strings.Count(kind[:i], ">") {
		return w.of(w.fit(kind[:i], depth), w.fit(kind[i+3:], depth))
	}
	if all, ok := literals[kind]; ok {
		return w.of(all...)
	}
	of, inner, _ := strings.Cut(strings.TrimSuffix(kind, ">"), "<")
	inner, _, _ = strings.Cut(inner, ", 5")
	fits := func() string { return w.fit(inner, depth-1) }
	switch of {
	case "string":
		return w.text()
	case "object":
		return "{ k: " + w.value(max(depth-1, 0)) + " }"
	case "option":
		return w.of("NONE", fits(), fits())
	case "array", "set":
		if inner == "" {
			fits = func() string { return w.value(1) }
		}
		return map[string]string{"array": "", "set": "<set>"}[of] + "[" + w.several(3, fits) + "]"
	case "record":
		return w.recordOf(inner)
	}
	return w.value(max(depth, 0))
}

// recordOf draws a record of one of some tables, which need not be there.
func (w *world) recordOf(tables string) string {
	if tables == "" {
		return w.end()
	}
	table, _, _ := strings.Cut(tables, "|")
	var there []string
	for _, r := range w.records {
		if strings.HasPrefix(r, table+":") {
			there = append(there, r)
		}
	}
	if len(there) == 0 || w.IntN(8) == 0 {
		return table + ":" + w.of("1", "x", "nobody", "[1]", "['x']")
	}
	return w.of(there...)
}
