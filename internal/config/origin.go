package config

import (
	"strconv"
	"strings"
)

// FaultAt is a fault of a value that only others can judge, such as a key, at the place
// where it stands. The path is as those of other faults: "databases[vapora].recipients[0]".
func (c *Config) FaultAt(path, problem, cure string) Fault {
	return Fault{c.origin(path), path, problem, cure}
}

// origin is where the value of the path stands, or the nearest above it that is there.
func (c *Config) origin(path string) Origin {
	at := Origin{File: c.file}
	for n := c.root; n != nil && path != ""; {
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
			at = n.from
		}
	}
	return at
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
