package config

import (
	"errors"
	"fmt"
	"io/fs"
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
		matches, err := glob(name)
		switch {
		case errors.Is(err, filepath.ErrBadPattern):
			l.add(pattern, path, fmt.Sprintf("%q is not a pattern", clip(pattern.value)), "write it as conf.d/*.yaml")
		case err != nil:
			l.add(pattern, path, err.Error(), "whatever lies there would be left out unseen")
		case len(matches) == 0 && !isPattern(name):
			l.add(pattern, path, fmt.Sprintf("%q is not there", pattern.value), "create it, or remove the line")
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

func isPattern(name string) bool { return strings.ContainsAny(name, "*?[") }

// glob is filepath.Glob that tells of a folder that cannot be read: what is in there
// must not be missing without a word. A folder that is not there holds nothing.
func glob(name string) ([]string, error) {
	if !isPattern(name) {
		return filepath.Glob(name)
	}
	if _, err := filepath.Match(name, ""); err != nil {
		return nil, err
	}
	folders := []string{filepath.Dir(name)}
	if isPattern(folders[0]) {
		var err error
		if folders, err = glob(folders[0]); err != nil {
			return nil, err
		}
		folders = slices.DeleteFunc(folders, func(f string) bool {
			info, err := os.Stat(f)
			return err == nil && !info.IsDir()
		})
	}
	var out []string
	for _, folder := range folders {
		entries, err := os.ReadDir(folder) // by name
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if ok, _ := filepath.Match(filepath.Base(name), e.Name()); ok {
				out = append(out, filepath.Join(folder, e.Name()))
			}
		}
	}
	return out, nil
}

func (l *faultList) includeFile(root, pattern *node, path, name string) {
	// A device or a pipe could be read for ever.
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		l.at(pattern.from, path, name+" is not a file that can be read", "name a file of YAML")
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
