package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Fault is one thing that is wrong with a config. It never quotes what may
// be a secret.
type Fault struct {
	Origin  Origin // where the faulty value, or what lacks one, stands
	Path    string // such as databases[vapora].url; empty for the whole file
	Problem string
	Cure    string // may be empty
}

// Error is the fault on one line: place: path: problem; cure.
func (f Fault) Error() string {
	s := f.Problem
	if f.Cure != "" {
		s += "; " + f.Cure
	}
	if f.Path != "" {
		s = f.Path + ": " + s
	}
	return f.Origin.String() + ": " + s
}

// Faults are all that is wrong with a config, in the order of its files and
// their lines.
type Faults []Fault

// Error holds one fault a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the faults to errors.As.
func (f Faults) Unwrap() []error {
	errs := make([]error, len(f))
	for i, fault := range f {
		errs[i] = fault
	}
	return errs
}

// An Origin is where a value comes from. The zero Origin is a default.
type Origin struct {
	File string
	Line int    // 0 for the whole file
	Env  string // name of the variable, in place of File
}

// String is file:line, $NAME or "default".
func (o Origin) String() string {
	switch {
	case o.Env != "":
		return "$" + o.Env
	case o.Line > 0:
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	case o.File != "":
		return o.File
	}
	return "default"
}

// faultList gathers faults. Each is tied to the node that it is about, so that
// one fault does not bring others about what the first already says.
type faultList struct{ list Faults }

func (l *faultList) add(n *node, path, problem, cure string) {
	n.bad = true
	l.at(n.from, path, problem, cure)
}

func (l *faultList) at(o Origin, path, problem, cure string) {
	l.list = append(l.list, Fault{o, path, problem, cure})
}

// err is nil, or all faults: files in the order in which they were read, which
// the first fault's file leads, and the environment last.
func (l *faultList) err(files []string) error {
	if len(l.list) == 0 {
		return nil
	}
	rank := func(o Origin) int {
		if o.Env != "" {
			return len(files)
		}
		return slices.Index(files, o.File)
	}
	slices.SortStableFunc(l.list, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(rank(a.Origin), rank(b.Origin)), cmp.Compare(a.Origin.Line, b.Origin.Line))
	})
	return l.list
}
