package surql

import "slices"

// Missing names what a full-text INDEX needs and the dump does not define, or "": its
// analyzer, or the function that the analyzer calls. Servers let them be removed, some
// only the function, and take no row under the index from then on.
func (o *Outline) Missing(index Definition) string {
	analyzer := index.analyzer()
	if analyzer == "" {
		return ""
	}
	i := slices.IndexFunc(o.Globals, func(d Definition) bool { return d.Kind == "ANALYZER" && d.Name == analyzer })
	if i < 0 {
		return "analyzer " + analyzer
	}
	call := o.Globals[i].calls()
	if call == "" || slices.ContainsFunc(o.Globals, func(d Definition) bool { return d.Kind == "FUNCTION" && d.Name == call }) {
		return ""
	}
	return "function " + call + " of analyzer " + analyzer
}

// analyzer returns the name of the analyzer that an INDEX says it uses, or "".
func (d Definition) analyzer() string {
	for _, kind := range []string{"FULLTEXT", "SEARCH"} {
		if i := d.clause(kind, "ANALYZER"); d.Kind == "INDEX" && i > 0 {
			return Ident(d.token(i + 2))
		}
	}
	return ""
}

// calls returns the name of the function that an ANALYZER calls, or "".
func (d Definition) calls() string {
	i := d.clause("FUNCTION")
	if d.Kind != "ANALYZER" || i < 0 {
		return ""
	}
	return d.path(i + 1)
}
