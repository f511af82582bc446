package config

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
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
	case s.kind == size || s.kind == duration || s.kind == toggle:
		cure = "write " + s.example()
	case n.null():
		cure = "give it a value or remove the key"
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
	case toggle:
		return "true or false"
	case sectionOf:
		return "{…}"
	}
	return "…"
}

func (l *faultList) checkSection(n *node, s *spec, path string) {
	for _, m := range n.members {
		p := join(path, clip(m.name))
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

func (l *faultList) checkList(n *node, s *spec, path string) {
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

func (l *faultList) checkScalar(n *node, s *spec, path string) {
	want := map[specKind]string{text: "!!str", number: "!!int", toggle: "!!bool", size: "!!str", duration: "!!str"}[s.kind]
	zero := n.tag == "!!int" && n.value == "0" && (s.kind == size || s.kind == duration)
	if n.tag != "" && n.tag != want && !zero {
		l.wrongType(n, s, path)
		return
	}
	if want == "!!str" {
		n.tag = want
	}
	switch s.kind {
	case text:
		l.checkText(n, s, path)
	case number:
		l.checkNumber(n, s, path)
	case toggle:
		if _, err := strconv.ParseBool(n.value); err != nil {
			l.add(n, path, fmt.Sprintf("got %q, want true or false", clip(n.value)), "")
		}
	case size:
		if err := new(Size).UnmarshalText([]byte(n.value)); err != nil {
			l.add(n, path, err.Error(), "write "+s.example())
		}
	case duration:
		if err := new(Duration).UnmarshalText([]byte(n.value)); err != nil {
			l.add(n, path, err.Error(), "write "+s.example())
		}
	}
}

func (l *faultList) checkNumber(n *node, s *spec, path string) {
	v, err := strconv.Atoi(n.value)
	switch {
	case err != nil:
		l.add(n, path, fmt.Sprintf("got %q, want a whole number", clip(n.value)), "")
	case s.low == s.high && s.high != 0 && v != s.low:
		l.add(n, path, fmt.Sprintf("%d is not known to this program, which reads %d", v, s.low), "use a vapora-backup that knows it")
	case s.high != 0 && (v < s.low || v > s.high):
		l.add(n, path, fmt.Sprintf("%d is out of range", v), fmt.Sprintf("%d to %d", s.low, s.high))
	}
}

func (l *faultList) checkText(n *node, s *spec, path string) {
	switch {
	case n.value == "":
		l.add(n, path, "empty", "give it a value or remove the key")
	case strings.ContainsFunc(n.value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		l.add(n, path, "has a control character", "")
	case s.form == "name" && !validName(n.value):
		l.add(n, path, fmt.Sprintf("%q is not a name", clip(n.value)), `lower-case letters, digits, ".", "_" and "-", the first a letter or digit, at most 63`)
	case s.form == "path":
		n.resolve()
	case s.form == "store":
		l.checkStore(n, s, path)
	case s.form == "server":
		l.checkServer(n, path)
	case len(s.enum) > 0 && slices.Contains(s.later, n.value):
		l.add(n, path, n.value+" is not yet supported by this version", "use "+strings.Join(s.enum, " or "))
	case len(s.enum) > 0 && !slices.Contains(s.enum, n.value):
		l.add(n, path, fmt.Sprintf("%q is not known", clip(n.value)), "use "+strings.Join(s.enum, " or "))
	}
}

func (l *faultList) checkStore(n *node, s *spec, path string) {
	if u, err := url.Parse(n.value); err == nil && slices.Contains(s.later, u.Scheme) {
		l.add(n, path, u.Scheme+":// is not yet supported by this version", "use s3:// or file://")
		return
	}
	if dir, ok := strings.CutPrefix(n.value, "file:"); ok && !strings.HasPrefix(dir, "/") && dir != "" {
		rel := &node{value: dir, from: n.from}
		rel.resolve()
		n.value = "file:" + filepath.ToSlash(rel.value)
	}
	if _, err := ParseStore(n.value); err != nil {
		l.add(n, path, err.Error(), "")
	}
}

// checkServer never quotes the URL, which may hold a password.
func (l *faultList) checkServer(n *node, path string) {
	const cure = "write http://host:8000 or https://host"
	u, err := url.Parse(n.value)
	switch {
	case err != nil:
		l.add(n, path, "not a URL", cure)
	case u.Scheme == "ws" || u.Scheme == "wss":
		l.add(n, path, u.Scheme+":// is not for exports", "write http"+u.Scheme[2:]+"://")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		l.add(n, path, "not an http or https URL", cure)
	case u.User != nil:
		l.add(n, path, "holds a user or a password", "move them to username and password")
	case u.RawQuery != "" || u.Fragment != "":
		l.add(n, path, "has parameters", "namespace and database have keys of their own")
	}
}

// resolve makes a path that a file holds relative to that file. What the
// environment says is relative to the working directory.
func (n *node) resolve() {
	if n.from.File != "" && !filepath.IsAbs(n.value) {
		n.value = filepath.Join(filepath.Dir(n.from.File), n.value)
	}
}

// validName is the rule for what becomes a part of a key in a bucket.
func validName(s string) bool {
	if len(s) == 0 || len(s) > 63 {
		return false
	}
	for i, r := range s {
		plain := r >= 'a' && r <= 'z' || r >= '0' && r <= '9'
		if !plain && (i == 0 || r != '.' && r != '_' && r != '-') {
			return false
		}
	}
	return true
}
