package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// EnvPrefix starts the variables that set a value of the config.
const EnvPrefix = "VAPORA_BACKUP__"

// Environ turns what os.Environ returns into what Load takes.
func Environ(environ []string) map[string]string {
	m := make(map[string]string, len(environ))
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok {
			m[name] = value
		}
	}
	return m
}

// override lays the environment over the tree. A variable with our prefix that
// names nothing is a fault: it is a slip that would otherwise go unseen.
func (l *faultList) override(root *node, s *spec, env map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(env)) {
		rest, ok := strings.CutPrefix(name, EnvPrefix)
		if !ok {
			continue
		}
		v := &node{value: env[name], from: Origin{Env: name}}
		l.assign(root, s, "", strings.Split(strings.ToLower(rest), "__"), v)
	}
}

// assign sets the value at the end of the keys below n, which s describes.
func (l *faultList) assign(n *node, s *spec, path string, keys []string, v *node) {
	if n.bad {
		return
	}
	switch {
	case s.kind == sectionOf && n.kind == section && len(keys) > 0:
		l.assignField(n, s, path, keys, v)
	case s.named() && n.kind == list && len(keys) > 0:
		l.assignEntry(n, s, path, keys, v)
	case s.kind == listOf && !s.named():
		l.at(v.from, path, "names no value", "this list can only be set in the file")
	case n.kind == scalar:
		// The file has something else there, which check is about to say.
	default:
		l.at(v.from, path, "names no value", "go on with the name of an entry or a key below it")
	}
}

func (l *faultList) assignField(n *node, s *spec, path string, keys []string, v *node) {
	f := s.field(keys[0])
	switch {
	case f == nil && slices.Contains(s.later, keys[0]):
		l.at(v.from, join(path, keys[0]), "not yet supported by this version", "unset it")
		return
	case f == nil:
		l.at(v.from, join(path, word(keys[0])), "names nothing", suggest(keys[0], s))
		return
	case f.noEnv:
		l.at(v.from, join(path, f.name), "can only be set in the file", "unset it")
		return
	}
	path = join(path, f.name)
	child := n.child(f.name)
	switch {
	case f.kind == secret:
		l.assignSecret(n, f, path, keys[1:], v)
	case f.kind == listOf && f.elem.kind == text && len(keys) == 1:
		items := split(v)
		if len(items.items) == 0 { // not a way to trust nobody by a slip
			l.at(v.from, path, "empty", "give it a value or unset it")
			return
		}
		n.set(f.name, items)
	case f.kind != listOf && f.kind != sectionOf && len(keys) == 1:
		n.set(f.name, v)
	case f.kind != listOf && f.kind != sectionOf:
		l.at(v.from, path, "has nothing below it", "end the name at "+strings.ToUpper(f.name))
	case child == nil && f.kind == listOf:
		l.at(v.from, path, "names nothing: the list is empty", "the environment changes entries of the file, it adds none")
	default:
		if child == nil || child.null() {
			child = &node{kind: section, from: v.from}
			n.set(f.name, child)
		}
		l.assign(child, f, path, keys[1:], v)
	}
}

// split makes a list of text from one that commas separate.
func split(v *node) *node {
	n := &node{kind: list, from: v.from}
	for part := range strings.SplitSeq(v.value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			n.items = append(n.items, &node{value: part, from: v.from})
		}
	}
	return n
}

// assignEntry goes on below the entry of a list that is called keys[0].
func (l *faultList) assignEntry(n *node, s *spec, path string, keys []string, v *node) {
	var found []*node
	var names []string
	for i, item := range n.items {
		name := item.text("name")
		if name == "" {
			continue
		}
		names = append(names, name)
		if strings.NewReplacer("-", "_", ".", "_").Replace(strings.ToLower(name)) == keys[0] {
			found = append(found, item)
			path = itemPath(path, i, item)
		}
	}
	switch len(found) {
	case 0:
		l.at(v.from, path, fmt.Sprintf("names no entry, %q", clip(keys[0])), "there are: "+strings.Join(names, ", "))
	case 1:
		l.assign(found[0], s.elem, path, keys[1:], v)
	default:
		l.at(v.from, path, fmt.Sprintf("names more than one entry, %q", clip(keys[0])), "rename one")
	}
}

// assignSecret replaces a secret as a whole: a file in place of a variable is
// not a secret that has both.
func (l *faultList) assignSecret(n *node, f *spec, path string, keys []string, v *node) {
	if len(keys) != 1 || keys[0] != "env" && keys[0] != "file" {
		l.at(v.from, path, "a secret is never written here", fmt.Sprintf("set %s__ENV to the name of a variable or %[1]s__FILE to a path", secretVariable(v.from.Env, keys)))
		return
	}
	s := n.child(f.name)
	if s == nil || s.kind != section || s.from.Env == "" {
		s = &node{kind: section, from: v.from}
		n.set(f.name, s)
	}
	s.set(keys[0], v)
}

// secretVariable is the variable's name up to the secret's own key.
func secretVariable(name string, below []string) string {
	parts := strings.Split(name, "__")
	return strings.Join(parts[:len(parts)-len(below)], "__")
}
