package surql

// ReferenceOnly returns a FIELD that keeps its references, may be missing, and
// checks or computes nothing else. Where another defines its elements, it takes a list
// of records as well: it was one when that was defined, and rows may hold lists still.
// A list of several types, or with gaps, stands alone: no server takes a REFERENCE of one
// in a union.
func (d Definition) ReferenceOnly(elements bool) Definition {
	from, to := d.fieldType()
	kind := d.span(from, to)
	switch {
	case d.listsUnion(from, to):
	case elements:
		kind = "option<" + kind + " | array<record>>"
	default:
		kind = "option<" + kind + ">"
	}
	return d.with("DEFINE FIELD OVERWRITE " + d.Name + " ON " + QuoteIdent(d.On) + " TYPE " + kind + " REFERENCE ON DELETE IGNORE;")
}

// listsUnion says whether a type is a list whose elements are of several types, or may be
// none.
func (d Definition) listsUnion(from, to int) bool {
	var inside []string // of what the brackets are
	for i := from; i < to; i++ {
		switch {
		case d.token(i) == "<":
			inside = append(inside, d.token(i-1))
		case d.token(i) == ">" && len(inside) > 0:
			inside = inside[:len(inside)-1]
		case (d.token(i) == "|" || d.has(i, "option")) && len(inside) > 0:
			if list := inside[len(inside)-1]; list == "array" || list == "set" {
				return true
			}
		}
	}
	return false
}

// AnyReference returns a FIELD that keeps its references, whatever they lead to.
func (d Definition) AnyReference() Definition {
	return d.with("DEFINE FIELD OVERWRITE " + d.Name + " ON " + QuoteIdent(d.On) + " TYPE option<record | array<record>> REFERENCE ON DELETE IGNORE;")
}

// Untyped returns a FIELD of any value, under which its elements may be defined.
func (d Definition) Untyped() Definition {
	return d.with("DEFINE FIELD OVERWRITE " + d.Name + " ON " + QuoteIdent(d.On) + ";")
}
