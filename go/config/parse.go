package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Parse reads the text of a configuration file over the defaults. env looks up environment variables.
func Parse(body []byte, env func(string) (string, bool)) (Config, []Warning, error) {
	c := Default()
	var file map[string]json.RawMessage
	if err := json.Unmarshal(body, &file); err != nil {
		return c, nil, syntaxError(body, err)
	}
	if file == nil {
		return c, nil, errors.New("it has to be a JSON object")
	}
	keys, ignored := keysByLowerName(), orchestratorKeys()
	var warnings []Warning
	var problems []error
	for _, name := range sortedNames(file) {
		lower := strings.ToLower(name)
		key, ours := keys[lower]
		switch {
		case ours:
			field := reflect.ValueOf(&c).Elem().FieldByName(key.Name)
			if err := key.set(field, file[name], env); err != nil {
				problems = append(problems, err)
			}
		case ignored[lower] != "" || isComment(name):
		default:
			warnings = append(warnings, unknownKey(name, keys, ignored))
		}
	}
	if len(problems) == 0 {
		problems = append(problems, c.validate())
	}
	return c, warnings, errors.Join(problems...)
}

// sortedNames has names in any case in an order that lets the exactly written one win over others.
func sortedNames(file map[string]json.RawMessage) []string {
	names := make([]string, 0, len(file))
	for name := range file {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if c := strings.Compare(strings.ToLower(a), strings.ToLower(b)); c != 0 {
			return c
		}
		return strings.Compare(b, a)
	})
	return names
}

// isComment knows the names that people give to remarks in JSON files.
func isComment(name string) bool {
	return strings.HasPrefix(name, "_") || strings.HasPrefix(name, "//") || strings.HasPrefix(name, "#")
}

func keysByLowerName() map[string]Key {
	keys := make(map[string]Key)
	for _, g := range Groups() {
		for _, k := range g.Keys {
			keys[strings.ToLower(k.Name)] = k
		}
	}
	return keys
}

// set decodes raw into the field and checks it.
func (k Key) set(field reflect.Value, raw json.RawMessage, env func(string) (string, bool)) error {
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return nil // as encoding/json does: the default stays
	}
	switch field.Interface().(type) {
	case string:
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return k.refuse(raw, "a text in quotes")
		}
		s, err := expand(k.Name, s, env)
		if err != nil {
			return err
		}
		if s, err = k.word(s); err != nil {
			return err
		}
		field.SetString(s)
	case bool:
		var b bool
		if json.Unmarshal(raw, &b) != nil {
			return k.refuse(raw, "true or false")
		}
		field.SetBool(b)
	case int:
		var n int64
		if json.Unmarshal(raw, &n) != nil || n < k.min || n > k.max {
			return k.refuse(raw, fmt.Sprintf("a whole number from %d to %d", k.min, k.max))
		}
		field.SetInt(n)
	case []string:
		var l []string
		if json.Unmarshal(raw, &l) != nil {
			return k.refuse(raw, "a list of texts in quotes")
		}
		for i, s := range l {
			var err error
			if l[i], err = expand(k.Name, s, env); err != nil {
				return err
			}
		}
		field.Set(reflect.ValueOf(l))
	}
	return nil
}

// word brings the value of a key with a fixed set of words to its one spelling.
func (k Key) word(s string) (string, error) {
	if k.words == nil {
		return s, nil
	}
	for _, w := range k.words {
		is, synonym, ok := strings.Cut(w, "=")
		if strings.EqualFold(s, is) || ok && strings.EqualFold(s, synonym) {
			return is, nil
		}
	}
	return "", fmt.Errorf("%s is %q; allowed is %s", k.Name, s, k.Allowed)
}

func (k Key) refuse(raw json.RawMessage, allowed string) error {
	value := string(raw)
	if k.Secret {
		value = "(not shown)"
	} else if len(value) > 100 {
		value = value[:100] + "..."
	}
	return fmt.Errorf("%s is %s; allowed is %s", k.Name, value, allowed)
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand replaces each ${NAME} from the environment.
func expand(key, s string, env func(string) (string, bool)) (string, error) {
	var missing string
	s = variable.ReplaceAllStringFunc(s, func(ref string) string {
		name := ref[2 : len(ref)-1]
		v, ok := env(name)
		if !ok {
			missing = name
		}
		return v
	})
	if missing != "" {
		return "", fmt.Errorf("%s names the environment variable %s, which is not set", key, missing)
	}
	return s, nil
}

// syntaxError says where in the text JSON went wrong.
func syntaxError(body []byte, err error) error {
	var se *json.SyntaxError
	if !errors.As(err, &se) {
		return errors.New("it has to be a JSON object")
	}
	before := body[:max(0, min(int(se.Offset)-1, len(body)))] // Offset counts the byte that is wrong
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Errorf("line %d, column %d: %w", line, column, err)
}
