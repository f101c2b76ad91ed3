package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Read reads the file. The warnings are sentences for the log; the error names every wrong key at once.
func Read(path string) (*Config, []string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read configuration: %w", err)
	}
	c, warnings, err := Parse(string(b), os.LookupEnv)
	if err != nil {
		return nil, warnings, fmt.Errorf("configuration %s: %w", path, err)
	}
	return c, warnings, nil
}

// Parse reads the text of a file; env looks up ${NAME}.
func Parse(text string, env func(string) (string, bool)) (*Config, []string, error) {
	var file map[string]any
	if _, err := toml.Decode(text, &file); err != nil {
		var pe toml.ParseError
		if errors.As(err, &pe) { // its other texts quote the file, passwords included
			return nil, nil, fmt.Errorf("line %d: %s", pe.Position.Line, pe.Message)
		}
		return nil, nil, errors.New("not a TOML file")
	}
	p := &parser{c: defaults(), env: env}
	p.known = keys(p.c)
	for _, name := range slices.Sorted(maps.Keys(file)) {
		p.section(name, file[name])
	}
	p.required()
	p.together()
	return p.c, p.warnings, errors.Join(p.errs...)
}

type parser struct {
	c        *Config
	known    []key
	env      func(string) (string, bool)
	seen     map[string]bool
	warnings []string
	errs     []error
}

func (p *parser) fail(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf(format, args...))
}
func (p *parser) warn(format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
}

func (p *parser) section(name string, v any) {
	table, ok := v.(map[string]any)
	if name == "custom-commands" {
		if !ok {
			p.fail("custom-commands: allowed: tables [custom-commands.NAME]")
			return
		}
		p.customCommands(table)
		return
	}
	if !slices.ContainsFunc(p.known, func(k key) bool { return k.section == name }) {
		p.warn("unknown section or key %s%s", name, p.nearest("", name))
		return
	}
	if !ok {
		p.fail("%s: allowed: a section [%s]", name, name)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		p.key(name, key, table[key])
	}
}

func (p *parser) key(section, name string, v any) {
	if section == "clone_plugin" && (strings.HasPrefix(name, "clone-") || strings.HasPrefix(name, "clone_")) {
		p.cloneSetting(name, v)
		return
	}
	i := slices.IndexFunc(p.known, func(k key) bool { return k.section == section && slices.Contains(k.names, name) })
	if i < 0 {
		p.warn("unknown key %s.%s%s", section, name, p.nearest(section, name))
		return
	}
	if p.seen == nil {
		p.seen = map[string]bool{}
	}
	full := section + "." + p.known[i].names[0]
	if p.seen[full] {
		p.warn("%s is set twice, in two spellings", full)
	}
	p.seen[full] = true
	p.read(section+"."+name, v, p.known[i].read)
}

func (p *parser) read(name string, v any, read reader) {
	v, err := p.expand(v)
	if err != nil {
		p.fail("%s: %w", name, err)
		return
	}
	err = read(v)
	var bad *badValue
	switch {
	case err == nil:
	case errors.As(err, &bad) && bad.secret:
		p.fail("%s: wrong value; %w", name, err)
	default:
		p.fail("%s: wrong value %s; %w", name, shown(v), err)
	}
}

func shown(v any) string {
	s := fmt.Sprint(v)
	if t, ok := v.(string); ok {
		s = fmt.Sprintf("%q", t)
	}
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "..."
	}
	return s
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces ${NAME} in strings, also inside of lists.
func (p *parser) expand(v any) (any, error) {
	switch v := v.(type) {
	case string:
		var missing error
		s := variable.ReplaceAllStringFunc(v, func(m string) string {
			name := m[2 : len(m)-1]
			value, ok := p.env(name)
			if !ok {
				missing = fmt.Errorf("environment variable %s is not set", name)
			}
			return value
		})
		return s, missing
	case []any:
		l := make([]any, len(v))
		for i, item := range v {
			x, err := p.expand(item)
			if err != nil {
				return nil, err
			}
			l[i] = x
		}
		return l, nil
	}
	return v, nil
}

func (p *parser) cloneSetting(name string, v any) {
	p.read("clone_plugin."+name, v, func(v any) error {
		switch v.(type) {
		case string, bool, int64, float64:
			p.c.ClonePlugin.Settings[name] = fmt.Sprint(v)
			return nil
		}
		return allowed("a string, a number, true or false")
	})
}

var commandName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

func (p *parser) customCommands(table map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(table)) {
		full := "custom-commands." + name
		t, ok := table[name].(map[string]any)
		if !ok || !commandName.MatchString(name) {
			p.fail("%s: allowed: a section [custom-commands.NAME] with cmd, NAME of letters, digits, _ . and -", full)
			continue
		}
		var args []string
		for _, key := range slices.Sorted(maps.Keys(t)) {
			if key != "cmd" {
				p.warn("unknown key %s.%s: known is cmd", full, key)
				continue
			}
			p.read(full+".cmd", t[key], command(&args))
		}
		switch {
		case len(args) == 0:
			p.fail("%s.cmd: missing or empty", full)
		case name == "post-seed-command":
			p.c.PostSeedCommand = args
		default:
			p.c.CustomCommands[name] = args
		}
	}
}
