package config

import (
	"encoding"
	"reflect"
	"strconv"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
)

// decode fills a Config from a tree that was checked.
func decode(root *node, s *spec) (*Config, error) {
	v := viper.NewWithOptions(viper.KeyDelimiter("::"))
	if err := v.MergeConfigMap(root.plain(s).(map[string]any)); err != nil {
		return nil, err
	}
	var c Config
	err := v.UnmarshalExact(&c, viper.DecodeHook(unmarshalText), func(d *mapstructure.DecoderConfig) {
		d.TagName = "yaml"
		d.WeaklyTypedInput = false
	})
	if err != nil {
		return nil, err
	}
	for i := range c.Destinations {
		// A URL that cannot be parsed was reported, and is empty here.
		c.Destinations[i].Store, _ = ParseStore(c.Destinations[i].URL)
	}
	if c.Audit.URL != "" {
		c.Audit.Store, _ = ParseStore(c.Audit.URL)
	}
	return &c, nil
}

func unmarshalText(from, to reflect.Type, data any) (any, error) {
	text, isText := data.(string)
	value := reflect.New(to)
	u, ok := value.Interface().(encoding.TextUnmarshaler)
	if !isText || !ok {
		return data, nil
	}
	if err := u.UnmarshalText([]byte(text)); err != nil {
		return nil, err
	}
	return value.Elem().Interface(), nil
}

// plain is the tree as maps, lists and values, without what is faulty and
// what is unknown. Entries of a list keep their places.
func (n *node) plain(s *spec) any {
	switch s.kind {
	case number:
		v, _ := strconv.Atoi(n.value)
		return v
	case toggle:
		v, _ := strconv.ParseBool(n.value)
		return v
	case listOf:
		items := make([]any, len(n.items))
		for i, item := range n.items {
			items[i] = item.plain(s.elem)
		}
		return items
	case sectionOf, secret:
		m := map[string]any{}
		for _, member := range n.members {
			switch f := s.field(member.name); {
			case member.node.bad:
			case s.kind == secret:
				m[member.name] = member.node.value
			case f != nil:
				m[f.name] = member.node.plain(f)
			}
		}
		return m
	}
	return n.value
}
