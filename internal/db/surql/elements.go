package surql

import (
	"slices"
	"strings"
)

// MadeBy says whether a FIELD is that of the elements of an array called like a word
// of the language, as the array's own definition makes it: defined under the name that
// servers print for it, it would come twice. The array is among the fields.
func (d Definition) MadeBy(fields []Definition) bool {
	if d.Flexible() && strings.HasSuffix(d.Name, ".*") && !d.holdsObjects() {
		return true // no server reads it, and where the type is a union 3.3 prints it
	}
	if d.Kind != "FIELD" || !strings.HasSuffix(d.Name, ".*") {
		return false
	}
	if from, to := d.fieldType(); d.unites(from, to, "any") { // of array | array<int>, and no server reads it
		return true
	}
	if !strings.Contains(d.Name, "`") || d.Flexible() {
		return false
	}
	for _, t := range Tokens(d.Name) {
		if t.Kind == Name && !plainName(Ident(d.Name[t.From:t.To])) {
			return false
		}
	}
	from, to := d.fieldType()
	if rest := d.span(to, len(d.tokens)); rest != "PERMISSIONS FULL;" && rest != ";" {
		return false
	}
	array := slices.IndexFunc(fields, func(f Definition) bool { return f.Name+".*" == d.Name })
	return array >= 0 && fields[array].makes(d.span(from, to))
}

// unites says whether a type is a union of a kind and others.
func (d Definition) unites(from, to int, kind string) bool {
	depth := 0
	for i := from; i < to; i++ {
		switch d.token(i) {
		case "<", "(", "[", "{":
			depth++
		case ">", ")", "]", "}":
			depth--
		}
		if depth == 0 && d.has(i, kind) && (i > from && d.token(i-1) == "|" || i+1 < to && d.token(i+1) == "|") {
			return true
		}
	}
	return false
}

// makes says whether the type of a FIELD is an array of a type, and so makes a field of it
// for its elements. One of several arrays makes one of all their types.
func (d Definition) makes(kind string) bool {
	var all []string
	from, to := d.fieldType()
	for i := from; i < to; i++ {
		if !d.has(i, "array") && !d.has(i, "set") || d.token(i+1) != "<" {
			continue
		}
		depth, end := 0, i+2
		for ; end < to && (depth > 0 || d.token(end) != ">" && d.token(end) != ","); end++ {
			switch d.token(end) {
			case "<", "(", "[", "{":
				depth++
			case ">", ")", "]", "}":
				depth--
			}
		}
		all, i = append(all, d.span(i+2, end)), end
	}
	return len(all) > 1 || len(all) == 1 && all[0] == kind
}

// AnyElements says whether a FIELD is that of the elements of an array, which may be
// anything by it.
func (d Definition) AnyElements() bool {
	from, to := d.fieldType()
	return d.Kind == "FIELD" && strings.HasSuffix(d.Name, ".*") && (from == to || from+1 == to && d.has(from, "any"))
}

// holdsObjects says whether the type of a FIELD names objects.
func (d Definition) holdsObjects() bool {
	from, to := d.fieldType()
	for i := from; i < to; i++ {
		if d.has(i, "object") || d.token(i) == "{" {
			return true
		}
	}
	return false
}
