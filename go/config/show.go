package config

import (
	"fmt"
	"log/slog"
	"reflect"
	"strings"
)

const hidden = "(set, not shown)"

// attributes is every key that differs from its default, secrets hidden.
func (c Config) attributes() []slog.Attr {
	var attrs []slog.Attr
	now, defaults := reflect.ValueOf(c), reflect.ValueOf(Default())
	for _, g := range Groups() {
		for _, k := range g.Keys {
			v := now.FieldByName(k.Name)
			switch {
			case reflect.DeepEqual(v.Interface(), defaults.FieldByName(k.Name).Interface()):
			case k.Secret:
				attrs = append(attrs, slog.String(k.Name, hidden))
			default:
				attrs = append(attrs, slog.Any(k.Name, v.Interface()))
			}
		}
	}
	return attrs
}

// LogValue is what differs from the defaults, without secrets.
func (c Config) LogValue() slog.Value { return slog.GroupValue(c.attributes()...) }

// String is what differs from the defaults, without secrets.
func (c Config) String() string {
	var parts []string
	for _, a := range c.attributes() {
		parts = append(parts, fmt.Sprintf("%s=%v", a.Key, a.Value))
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// GoString keeps %#v from showing secrets.
func (c Config) GoString() string { return "config.Config" + c.String() }

// Markdown is the table of every key with its default, for docs/configuration.md.
func Markdown() string {
	var b strings.Builder
	defaults := reflect.ValueOf(Default())
	for _, g := range Groups() {
		fmt.Fprintf(&b, "### %s\n\n| key | default | meaning |\n|---|---|---|\n", g.Title)
		for _, k := range g.Keys {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Name, showDefault(defaults.FieldByName(k.Name)), k.meaning(defaults.FieldByName(k.Name)))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (k Key) meaning(v reflect.Value) string {
	s := k.Help
	switch {
	case v.Kind() == reflect.Int:
		s += fmt.Sprintf("; %d to %d", k.min, k.max)
	case k.words != nil:
		s += "; " + k.Allowed
	}
	return s
}

func showDefault(v reflect.Value) string {
	switch d := v.Interface().(type) {
	case string:
		if d == "" {
			return "empty"
		}
		return "`" + d + "`"
	case []string:
		if len(d) == 0 {
			return "`[]`"
		}
		return "`[\"" + strings.Join(d, `", "`) + "\"]`"
	default:
		return fmt.Sprintf("`%v`", d)
	}
}
