package config

import (
	"reflect"
	"strconv"
	"strings"
)

// A spec is what the struct tags say of one key: the one description that
// checks, environment, schema and reference all work from.
type spec struct {
	kind   specKind
	name   string
	doc    string
	def    string
	form   string
	enum   []string
	later  []string // keys of a section, or values of a scalar
	need   bool
	noEnv  bool
	low    int
	high   int
	elem   *spec   // of a list
	fields []*spec // of a section
}

type specKind int

const (
	text specKind = iota
	number
	toggle
	size
	duration
	percent
	secret
	listOf
	sectionOf
)

// noun is what a value of the kind is, in the words of a message.
func (s *spec) noun() string {
	switch s.kind {
	case number:
		return "a number"
	case toggle:
		return "true or false"
	case size:
		return "a size"
	case duration:
		return "a duration"
	case percent:
		return "a percentage"
	case secret:
		return "a secret"
	case listOf:
		return "a list"
	case sectionOf:
		return "a section"
	}
	return "text"
}

func (s *spec) field(name string) *spec {
	for _, f := range s.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

// named reports whether the entries of the list are called by name.
func (s *spec) named() bool { return s.kind == listOf && s.elem.field("name") != nil }

// defaults reports whether the section has defaults of its own, and so is
// there even where nobody wrote it.
func (s *spec) defaults() bool {
	for _, f := range s.fields {
		if f.def != "" || f.defaults() {
			return true
		}
	}
	return false
}

// rootSpec describes the whole file.
func rootSpec() *spec { return specOf(reflect.TypeFor[Config]()) }

func specOf(t reflect.Type) *spec {
	switch t {
	case reflect.TypeFor[Size]():
		return &spec{kind: size}
	case reflect.TypeFor[Duration]():
		return &spec{kind: duration}
	case reflect.TypeFor[Percent]():
		return &spec{kind: percent}
	case reflect.TypeFor[Secret]():
		return &spec{kind: secret}
	}
	switch t.Kind() {
	case reflect.Int:
		return &spec{kind: number}
	case reflect.Bool:
		return &spec{kind: toggle}
	case reflect.Slice:
		return &spec{kind: listOf, elem: specOf(t.Elem())}
	case reflect.Struct:
		s := &spec{kind: sectionOf}
		for f := range t.Fields() {
			s.addField(f)
		}
		return s
	}
	return &spec{kind: text}
}

func (s *spec) addField(f reflect.StructField) {
	later := strings.Fields(f.Tag.Get("later"))
	if f.Name == "_" {
		s.later = later
	}
	key := f.Tag.Get("yaml")
	if key == "" || key == "-" {
		return
	}
	c := specOf(f.Type)
	c.name, c.doc, c.def, c.form = key, f.Tag.Get("doc"), f.Tag.Get("default"), f.Tag.Get("form")
	c.need, c.noEnv = f.Tag.Get("need") == "yes", f.Tag.Get("env") == "no"
	c.enum = values(f.Tag.Get("enum"))
	if len(later) > 0 {
		c.later = later
	}
	if low, high, ok := strings.Cut(f.Tag.Get("range"), " "); ok {
		// A tag that is no number is caught by the test of the schema.
		c.low, _ = strconv.Atoi(low)
		c.high, _ = strconv.Atoi(high)
	}
	if c.elem != nil {
		c.elem.form = c.form
		c.elem.enum, c.enum = c.enum, nil
		if len(c.elem.enum) > 0 {
			c.elem.later, c.later = c.later, nil
		}
	}
	s.fields = append(s.fields, c)
}

// values are those of an enum, separated by spaces, or by commas where one has a space.
func values(enum string) []string {
	if strings.Contains(enum, ",") {
		return strings.Split(enum, ",")
	}
	return strings.Fields(enum)
}
