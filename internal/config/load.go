package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/vapora-platform/vapora-backup/internal/hint"
)

// maxFile bounds a config file; none that a person wrote comes near.
const maxFile = 1 << 20

// Find returns the config file to use: the flag, else $VAPORA_BACKUP_CONFIG,
// else the first of ./vapora-backup.yaml and /etc/vapora-backup/config.yaml
// that is there. If there is none the error is an fs.ErrNotExist with a hint.
func Find(flag string, getenv func(string) string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if name := getenv("VAPORA_BACKUP_CONFIG"); name != "" {
		return name, nil
	}
	usual := []string{"vapora-backup.yaml", "/etc/vapora-backup/config.yaml"}
	for _, name := range usual {
		// Any other error than absence is for Load to tell.
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
	}
	err := fmt.Errorf("find config: neither %s: %w", strings.Join(usual, " nor "), fs.ErrNotExist)
	return "", hint.Wrap(err, "write one with `vapora-backup config init`, or name one with --config")
}

// Load reads the file, the files that it includes, and lays env over them (see
// [Environ]). What is wrong with them comes as [Faults], all at once, with those that the
// checks find.
func Load(path string, env map[string]string, checks ...KeyCheck) (*Config, error) {
	data, err := readFile(path)
	if err != nil {
		err = fmt.Errorf("read config: %w", err)
		if errors.Is(err, fs.ErrNotExist) {
			err = hint.Wrap(err, "write one with `vapora-backup config init`")
		}
		return nil, err
	}
	return Parse(path, data, env, checks...)
}

// Parse is Load for a file whose content is at hand. The path stands in
// messages, and what the file names is relative to its folder.
func Parse(path string, data []byte, env map[string]string, checks ...KeyCheck) (*Config, error) {
	s, l := rootSpec(), &faultList{}
	files := []string{path}
	root := l.parse(path, data)
	if root == nil {
		return nil, l.err(files)
	}
	// What another version means by its keys is not ours to judge.
	if v := root.child("version"); v != nil {
		if l.check(v, s.field("version"), "version"); v.bad {
			return nil, l.err(files)
		}
	}
	files = append(files, l.include(root, path)...)
	l.override(root, s, env)
	l.check(root, s, "")
	settleDestinations(root)
	c, err := decode(root, s)
	if err != nil {
		return nil, fmt.Errorf("decode config %s: %w", path, err)
	}
	c.file, c.root = path, root
	l.validate(c)
	for _, check := range checks {
		l.list = append(l.list, check(c)...)
	}
	if err := l.err(files); err != nil {
		return nil, err
	}
	return c, nil
}

// Recipients are those that the backups of d are sealed to: its own, or else
// those of all. There is at least one.
func (c *Config) Recipients(d Database) []string {
	if len(d.Recipients) > 0 {
		return d.Recipients
	}
	return c.Encryption.Recipients
}

// DatabaseOf returns the entry that a source is backed up by: the one of its name, or
// else, as a source of all_databases is called NAME.database, the one with the longest
// name before a dot.
func (c *Config) DatabaseOf(source string) (found Database, ok bool) {
	for _, d := range c.Databases {
		switch {
		case d.Name == source:
			return d, true
		case strings.HasPrefix(source, d.Name+".") && len(d.Name) > len(found.Name):
			found, ok = d, true
		}
	}
	return found, ok
}

// RecipientsOf are those that the backups of a source are sealed to.
func (c *Config) RecipientsOf(source string) []string {
	d, _ := c.DatabaseOf(source) // one that the config does not name has none of its own
	return c.Recipients(d)
}

// File is the path of the config's main file.
func (c *Config) File() string { return c.file }

func readFile(path string) (_ []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s: larger than %v", path, Size(maxFile))
	}
	return data, err
}

// parse returns the tree of one file, or nil if there is none.
func (l *faultList) parse(path string, data []byte) *node {
	whole := Origin{File: path}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		l.at(whole, "", "empty file", "vapora-backup config init writes a good start")
		return nil
	case err != nil:
		l.syntax(path, err)
		return nil
	}
	if err := dec.Decode(&more); err == nil {
		l.at(Origin{File: path, Line: more.Line}, "", "a second document", "one file holds one; use include for more")
		return nil
	} else if !errors.Is(err, io.EOF) {
		l.syntax(path, err)
		return nil
	}
	root := l.grow(doc.Content[0], path, "")
	if root.kind != section {
		l.at(root.from, "", "got "+root.noun()+", want sections such as databases", "vapora-backup config init writes a good start")
		return nil
	}
	return root
}

// syntax moves the line number from the text of YAML's error to the fault's.
func (l *faultList) syntax(path string, err error) {
	o, problem := Origin{File: path}, strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(problem, "line "); ok {
		if number, text, ok := strings.Cut(rest, ": "); ok {
			if line, err := strconv.Atoi(number); err == nil {
				o.Line, problem = line, text
			}
		}
	}
	l.at(o, "", "not YAML: "+problem, "look at this line and the one above it")
}

// settleDestinations sees to the defaults that depend on more than their key:
// the first destination is required where nothing is said, and what is only
// for S3 has no default elsewhere.
func settleDestinations(root *node) {
	d := root.child("destinations")
	if d == nil {
		return
	}
	for i, item := range d.items {
		if item.kind != section {
			continue
		}
		if item.child("required") == nil {
			item.set("required", &node{value: strconv.FormatBool(i == 0)})
		}
		if c := item.child("checksums"); c != nil && c.from == (Origin{}) && scheme(item.text("url")) != "s3" {
			item.drop("checksums")
		}
	}
}
