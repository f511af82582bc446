package config

import (
	"fmt"
	"slices"
	"strings"
)

// check holds a tree against its description: unknown keys, wrong types,
// missing parts. On the way it fills in defaults and makes paths whole, so
// that what remains is ready to be decoded.
func (l *faultList) check(n *node, s *spec, path string) {
	if n.bad {
		return
	}
	switch s.kind {
	case sectionOf:
		if n.kind == section {
			l.checkSection(n, s, path)
			return
		}
	case listOf:
		if n.kind == list {
			l.checkList(n, s, path)
			return
		}
	case secret:
		l.checkSecret(n, path)
		return
	default:
		if n.kind == scalar {
			l.checkScalar(n, s, path)
			return
		}
	}
	l.wrongType(n, s, path)
}

func (l *faultList) wrongType(n *node, s *spec, path string) {
	cure := ""
	switch {
	case s.kind == text && n.kind == scalar && !n.null():
		cure = "put it in quotes"
	case s.kind == listOf && n.kind == scalar && !n.null():
		cure = "write [" + s.elem.example() + "]"
	case s.kind == size || s.kind == duration || s.kind == percent || s.kind == toggle:
		cure = "write " + s.example()
	case n.null():
		cure = "give it a value or remove the key"
	case s.kind == sectionOf:
		cure = "write its keys below it, or within { and }"
	case s.kind == listOf:
		cure = "begin each entry with a dash"
	case s.kind == number:
		cure = "write digits, without quotes"
	default:
		cure = "write one value"
	}
	l.add(n, path, fmt.Sprintf("got %s, want %s", n.noun(), s.noun()), cure)
}

// example is a value of the kind, for a cure.
func (s *spec) example() string {
	switch s.kind {
	case size:
		return "1MB or 64KiB"
	case duration:
		return "90s, 2h or 30d"
	case percent:
		return "25% or 99.9"
	case toggle:
		return "true or false"
	case sectionOf:
		return "{…}"
	}
	return "…"
}

func (l *faultList) checkSection(n *node, s *spec, path string) {
	for _, m := range n.members {
		p := join(path, word(m.name))
		switch f := s.field(m.name); {
		case f != nil:
			l.check(m.node, f, p)
		case slices.Contains(s.later, m.name):
			l.at(m.from, p, "not yet supported by this version", "remove it")
		default:
			l.at(m.from, p, "unknown key", suggest(m.name, s))
		}
	}
	for _, f := range s.fields {
		if n.child(f.name) != nil {
			continue
		}
		switch {
		case f.need:
			l.at(n.from, join(path, f.name), "missing", "add it: "+firstSentence(f.doc))
		case f.def != "":
			n.set(f.name, &node{value: f.def})
		case f.kind == sectionOf && f.defaults():
			c := &node{kind: section}
			l.checkSection(c, f, join(path, f.name))
			n.set(f.name, c)
		}
	}
}

func firstSentence(doc string) string {
	doc = strings.ReplaceAll(doc, "`", "")
	before, _, _ := strings.Cut(doc, ". ")
	return strings.TrimSuffix(strings.ToLower(before[:1])+before[1:], ".")
}

// neverEmpty are lists that say something else when they are not there: whoever writes
// an empty one means the opposite of what would happen.
var neverEmpty = []string{"recipients", "trusted"}

func (l *faultList) checkList(n *node, s *spec, path string) {
	if len(n.items) == 0 && slices.Contains(neverEmpty, s.name) {
		l.add(n, path, "empty", "name a key, or remove it")
		return
	}
	seen := map[string]Origin{}
	for i, item := range n.items {
		p := itemPath(path, i, item)
		l.check(item, s.elem, p)
		name := item.text("name")
		if !s.named() || name == "" {
			continue
		}
		// An access key may be listed once for each database.
		id := name + "\x00" + item.text("database")
		if s.elem.field("name").form == "name" {
			id = name
		}
		if first, ok := seen[id]; ok {
			l.at(item.from, p, fmt.Sprintf("the name is taken by %v", first), "names are unique in a list")
			continue
		}
		seen[id] = item.from
	}
}

func (l *faultList) checkSecret(n *node, path string) {
	const cure = "use {env: NAME} or {file: PATH}"
	switch {
	case n.kind == scalar && !n.null():
		l.add(n, path, "a secret is never written here", cure)
		return
	case n.kind != section:
		l.add(n, path, "got "+n.noun()+", want a secret", cure)
		return
	case len(n.members) != 1 || n.child("env") == nil && n.child("file") == nil:
		l.add(n, path, "want one of env and file, and nothing else", cure)
		return
	}
	m := n.members[0]
	switch p := join(path, m.name); {
	case m.node.kind != scalar || m.node.tag != "!!str" && m.node.tag != "" || m.node.value == "":
		l.add(n, p, "got "+m.node.noun()+", want a name", cure)
	case m.name == "file":
		m.node.tag = "!!str"
		m.node.resolve()
	case !validVariable(m.node.value):
		// What stands here may well be the secret itself: it is not quoted.
		l.add(n, p, "this is no name of a variable", "letters, digits and _ only; the secret itself goes into that variable")
	}
}

func validVariable(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
