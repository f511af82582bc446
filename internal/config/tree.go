package config

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// A node is one value of a config with the place that it came from. The tree
// is what files and environment are merged into before anything is decoded,
// so that every fault can say where it lies.
type node struct {
	kind    nodeKind
	tag     string // YAML's short tag of a scalar; "" where the text alone counts
	value   string
	members []member
	items   []*node
	from    Origin
	bad     bool // a fault was reported; left out of what is decoded
}

type member struct {
	name string
	from Origin // of the key
	node *node
}

type nodeKind int

const (
	scalar nodeKind = iota
	list
	section
)

// child returns the member called name, or nil. It may be called on nil.
func (n *node) child(name string) *node {
	if n == nil || n.kind != section {
		return nil
	}
	for _, m := range n.members {
		if m.name == name {
			return m.node
		}
	}
	return nil
}

func (n *node) set(name string, child *node) {
	for i := range n.members {
		if n.members[i].name == name {
			n.members[i].node = child
			return
		}
	}
	n.members = append(n.members, member{name, child.from, child})
}

// text is the value of the scalar member called name, or "".
func (n *node) text(name string) string {
	if c := n.child(name); c != nil && c.kind == scalar && !c.null() {
		return c.value
	}
	return ""
}

func (n *node) null() bool { return n.kind == scalar && n.tag == "!!null" }

// noun is what the node is, in the words of a message.
func (n *node) noun() string {
	switch n.kind {
	case list:
		return "a list"
	case section:
		return "a section"
	}
	switch n.tag {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!timestamp":
		return "a date"
	case "!!binary":
		return "binary data"
	}
	return "text"
}

// itemPath is the path of an entry of a list: by name where it has one.
func itemPath(path string, i int, item *node) string {
	return entryPath(path, i, item.text("name"))
}

func entryPath(path string, i int, name string) string {
	if !validName(name) && !validVariable(name) {
		name = strconv.Itoa(i)
	}
	return path + "[" + name + "]"
}

// word is a key as a message shows it: one that could garble a terminal, or
// break a line, is quoted.
func word(key string) string {
	if validVariable(key) {
		return clip(key)
	}
	return strconv.Quote(clip(key))
}

// yamlName is the name of an entry that has not been grown yet.
func yamlName(y *yaml.Node) string {
	for i := 0; y.Kind == yaml.MappingNode && i+1 < len(y.Content); i += 2 {
		if y.Content[i].Value == "name" {
			return y.Content[i+1].Value
		}
	}
	return ""
}

func join(path, key string) string {
	if path == "" || key == "" {
		return path + key
	}
	return path + "." + key
}

// grow turns a YAML node into ours. Aliases are refused: they buy little in a
// file of this size, and a few lines of them can mean gigabytes.
func (l *faultList) grow(y *yaml.Node, file, path string) *node {
	n := &node{tag: y.ShortTag(), value: y.Value, from: Origin{File: file, Line: y.Line}}
	switch y.Kind {
	case yaml.AliasNode:
		n.value = ""
		l.add(n, path, "aliases are not supported", "write the value out")
	case yaml.SequenceNode:
		n.kind = list
		for i, item := range y.Content {
			n.items = append(n.items, l.grow(item, file, entryPath(path, i, yamlName(item))))
		}
	case yaml.MappingNode:
		n.kind = section
		for i := 0; i+1 < len(y.Content); i += 2 {
			l.growMember(n, y.Content[i], y.Content[i+1], path)
		}
	}
	return n
}

func (l *faultList) growMember(n *node, key, value *yaml.Node, path string) {
	from := Origin{File: n.from.File, Line: key.Line}
	if key.Kind != yaml.ScalarNode {
		l.at(from, path, "a key must be a word", "write it as databases:")
		return
	}
	child := l.grow(value, from.File, join(path, word(key.Value)))
	for _, m := range n.members {
		if m.name == key.Value {
			l.at(from, join(path, word(key.Value)), fmt.Sprintf("also in line %d", m.from.Line), "keep one of them")
			return
		}
	}
	n.members = append(n.members, member{key.Value, from, child})
}
