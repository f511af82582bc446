package config

import (
	"fmt"
	"slices"
)

// Warnings says what is allowed and yet unwise, one sentence each. It looks at
// the rights of the files that hold secrets.
func (c *Config) Warnings() []string {
	var w []string
	lists := map[string][]string{"encryption.recipients": c.Encryption.Recipients}
	paths := []string{"encryption.recipients"}
	for _, d := range c.Databases {
		path := fmt.Sprintf("databases[%s].recipients", d.Name)
		paths, lists[path] = append(paths, path), d.Recipients
	}
	for _, path := range paths {
		keys := slices.Sorted(slices.Values(lists[path]))
		if len(slices.Compact(keys)) == 1 {
			w = append(w, path+": only one recipient; whoever loses that key loses every backup")
		}
	}
	if c.Signing.Key.IsZero() {
		w = append(w, "signing.key: missing; backups will not be signed")
	}
	if len(c.Signing.Trusted) == 0 {
		w = append(w, "signing.trusted: missing; a forged backup will not be noticed")
	}
	for _, n := range c.Notify {
		if n.Type == "ping" && len(n.Commands) == 0 {
			w = append(w, fmt.Sprintf("notify[%s].commands: missing; every command that runs feeds this dead man's switch, which does not notice then that backups have stopped", n.Name))
		}
	}
	return append(w, c.tree().exposed(rootSpec(), "")...)
}

// exposed collects what is wrong with the rights of all secret files below n.
func (n *node) exposed(s *spec, path string) []string {
	var w []string
	switch s.kind {
	case secret:
		if problem := (Secret{File: n.text("file")}).exposed(); problem != "" {
			w = append(w, path+": "+problem)
		}
	case listOf:
		for i, item := range n.items {
			w = append(w, item.exposed(s.elem, itemPath(path, i, item))...)
		}
	case sectionOf:
		for _, m := range n.members {
			w = append(w, m.node.exposed(s.field(m.name), join(path, m.name))...)
		}
	}
	return w
}
