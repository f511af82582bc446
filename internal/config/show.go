package config

import (
	"bytes"
	"encoding/json"
	"slices"

	"go.yaml.in/yaml/v4"
)

// Show is the config in effect as YAML, each value with the place that it came
// from: file:line, $NAME or default. Secrets show where they lie. What it
// prints is itself a config, whose relative paths are those of the working
// directory, and it includes nothing.
func (c *Config) Show() ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	// What was included is there already.
	root := *c.tree()
	root.members = slices.Clone(root.members)
	root.drop("include")
	if err := enc.Encode(root.yaml()); err != nil {
		return nil, err
	}
	if err := enc.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// MarshalJSON is the config in effect under the keys of the file.
func (c *Config) MarshalJSON() ([]byte, error) {
	return json.Marshal(c.tree().plain(rootSpec()))
}

// tree is never nil, so that a Config that a test made by hand prints as empty.
func (c *Config) tree() *node {
	if c.root == nil {
		return &node{kind: section}
	}
	return c.root
}

func (n *node) yaml() *yaml.Node {
	switch n.kind {
	case section:
		y := &yaml.Node{Kind: yaml.MappingNode}
		for _, m := range n.members {
			y.Content = append(y.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: m.name}, m.node.yaml())
		}
		return y
	case list:
		y := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range n.items {
			y.Content = append(y.Content, item.yaml())
		}
		return y
	}
	y := &yaml.Node{Kind: yaml.ScalarNode, Value: n.value, LineComment: n.from.String()}
	if n.tag == "!!str" {
		// Without its tag, text such as "123" would be printed as a number.
		y.SetString(n.value)
	}
	return y
}
