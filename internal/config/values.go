package config

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// checkScalar holds one value against its kind, and then against its form.
func (l *faultList) checkScalar(n *node, s *spec, path string) {
	want := map[specKind]string{text: "!!str", number: "!!int", toggle: "!!bool", size: "!!str", duration: "!!str", percent: "!!str"}[s.kind]
	zero := n.tag == "!!int" && n.value == "0" && s.kind == size
	plain := s.kind == percent && (n.tag == "!!int" || n.tag == "!!float")
	plain = plain || s.form == "moment" && n.tag == "!!timestamp"
	if n.tag != "" && n.tag != want && !zero && !plain {
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
			l.add(n, path, fmt.Sprintf("got %q, want true or false", clip(n.value)), "write one of the two, without quotes")
		}
	case size:
		if err := new(Size).UnmarshalText([]byte(n.value)); err != nil {
			l.add(n, path, err.Error(), "write "+s.example())
		}
	case percent:
		if err := new(Percent).UnmarshalText([]byte(n.value)); err != nil {
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
		l.add(n, path, fmt.Sprintf("got %q, want a whole number", clip(n.value)), "write digits alone, without quotes")
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
		l.add(n, path, "has a control character", "take it out")
	case s.form == "name" && !validName(n.value):
		l.add(n, path, fmt.Sprintf("%q is not a name", clip(n.value)), `lower-case letters, digits, ".", "_" and "-", the first a letter or digit, at most 63`)
	case s.form == "path":
		n.resolve()
	case s.form == "store":
		l.checkStore(n, path)
	case s.form == "server":
		l.checkServer(n, path)
	case s.form == "moment":
		if _, err := ParseMoment(n.value); err != nil {
			l.add(n, path, err.Error(), "write 2026-11-01 or 2026-11-01T14:00:00Z")
		}
	case s.form == "until":
		if n.value != untilExpiry && new(Duration).UnmarshalText([]byte(n.value)) != nil {
			l.add(n, path, fmt.Sprintf("%q is neither expiry nor a duration", clip(n.value)), "write expiry, or 30d")
		}
	case len(s.enum) > 0 && slices.Contains(s.later, n.value):
		l.add(n, path, n.value+" is not yet supported by this version", "use "+strings.Join(s.enum, " or "))
	case len(s.enum) > 0 && !slices.Contains(s.enum, n.value):
		l.add(n, path, fmt.Sprintf("%q is not known", clip(n.value)), "use "+strings.Join(s.enum, " or "))
	}
}

func (l *faultList) checkStore(n *node, path string) {
	store, err := ParseStore(n.value)
	if err != nil {
		problem, cure, _ := strings.Cut(err.Error(), "; ")
		l.add(n, path, problem, cure)
		return
	}
	if store.File != nil {
		dir := &node{value: store.File.Dir, from: n.from}
		dir.resolve()
		whole := url.URL{Path: filepath.ToSlash(dir.value)}
		n.value = "file:" + whole.EscapedPath()
		if filepath.IsAbs(dir.value) {
			n.value = "file://" + whole.EscapedPath()
		}
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
	if !filepath.IsAbs(n.value) {
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
