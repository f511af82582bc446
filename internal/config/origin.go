package config

import (
	"iter"
	"strconv"
	"strings"
)

// A KeyCheck looks at what only others can judge, such as keys. It gets a config of which
// other parts may be faulty, and are left out.
type KeyCheck func(*Config) Faults

// Texts are the entries of the list at a path that have no fault yet, each with its own
// path.
func (c *Config) Texts(path string) iter.Seq2[string, string] {
	return func(yield func(path, text string) bool) {
		n, _ := c.at(path)
		if n == nil || n.bad {
			return
		}
		for i, item := range n.items {
			if item.kind == scalar && !item.bad && !yield(itemPath(path, i, item), item.value) {
				return
			}
		}
	}
}

// FaultAt is a fault of a value that only others can judge, such as a key, at the place
// where it stands. The path is as those of other faults: "databases[vapora].recipients[0]".
func (c *Config) FaultAt(path, problem, cure string) Fault {
	_, from := c.at(path)
	return Fault{from, path, problem, cure}
}

// at is the value of the path, nil if there is none, and where it stands, or the nearest
// above it that is there.
func (c *Config) at(path string) (n *node, from Origin) {
	n, from = c.tree(), Origin{File: c.file}
	for n != nil && path != "" {
		var step string
		if rest, ok := strings.CutPrefix(path, "["); ok {
			step, path, _ = strings.Cut(rest, "]") // a name may hold a dot
			n = n.item(step)
		} else {
			path = strings.TrimPrefix(path, ".")
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			step, path = path[:end], path[end:]
			n = n.child(step)
		}
		if n != nil {
			from = n.from
		}
	}
	return n, from
}

// item is the entry of a list that is called so, or that stands there.
func (n *node) item(name string) *node {
	for i, item := range n.items {
		if item.text("name") == name || item.text("name") == "" && strconv.Itoa(i) == name {
			return item
		}
	}
	return nil
}
