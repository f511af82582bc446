package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// include merges the files that root names into it, and returns their names.
func (l *faultList) include(root *node, main string) []string {
	patterns := root.child("include")
	if patterns == nil || patterns.kind != list {
		return nil
	}
	var files []string
	for i, pattern := range patterns.items {
		path := fmt.Sprintf("include[%d]", i)
		if pattern.kind != scalar || pattern.tag != "!!str" || pattern.value == "" {
			continue // check says so
		}
		name := pattern.value
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(main), name)
		}
		matches, err := filepath.Glob(name)
		switch {
		case err != nil:
			l.add(pattern, path, fmt.Sprintf("%q is not a pattern", clip(pattern.value)), "")
		case len(matches) == 0 && !strings.ContainsAny(name, "*?["):
			l.add(pattern, path, fmt.Sprintf("%q is not there", pattern.value), "")
		}
		for _, match := range matches {
			if !slices.Contains(files, match) {
				files = append(files, match)
				l.includeFile(root, pattern, path, match)
			}
		}
	}
	return files
}

func (l *faultList) includeFile(root, pattern *node, path, name string) {
	// A device or a pipe could be read for ever.
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		l.at(pattern.from, path, name+" is not a file that can be read", "")
		return
	}
	data, err := readFile(name)
	if err != nil {
		l.at(pattern.from, path, err.Error(), "")
		return
	}
	sub := l.parse(name, data)
	if sub == nil {
		return
	}
	if n := sub.child("include"); n != nil {
		l.at(n.from, "include", "an included file includes no others", "name them all in "+pattern.from.File)
	}
	if v := sub.child("version"); v != nil && v.value == root.text("version") {
		sub.drop("version")
	}
	l.merge(root, sub, "")
}

func (n *node) drop(name string) {
	n.members = slices.DeleteFunc(n.members, func(m member) bool { return m.name == name })
}

// merge adds what src holds to dst: lists grow, sections are joined, and a
// value that stands in both is a fault, since neither file comes first.
func (l *faultList) merge(dst, src *node, path string) {
	for _, m := range src.members {
		p := join(path, word(m.name))
		switch have := dst.child(m.name); {
		case have == nil:
			dst.members = append(dst.members, m)
		case have.kind == section && m.node.kind == section:
			l.merge(have, m.node, p)
		case have.kind == list && m.node.kind == list:
			have.items = append(have.items, m.node.items...)
		default:
			l.at(m.from, p, fmt.Sprintf("also in %v", have.from), "keep one of them")
		}
	}
}
