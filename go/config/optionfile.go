package config

import (
	"fmt"
	"strings"
)

// parseOptionFile reads the [client] group of a MySQL option file: "name = value" lines, values bare or in quotes, with
// the escapes that MySQL knows. Later lines win. Includes are not followed.
func parseOptionFile(s string) (map[string]string, error) {
	client := make(map[string]string)
	group := ""
	for i, line := range strings.Split(s, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';' || line[0] == '!':
			continue
		case line[0] == '[':
			end := strings.IndexByte(line, ']')
			if end < 0 {
				return nil, fmt.Errorf("line %d: a group without its closing bracket", i+1)
			}
			group = strings.ToLower(strings.TrimSpace(line[1:end]))
			continue
		case group == "":
			return nil, fmt.Errorf("line %d: an option before the first [group]", i+1)
		case group != "client":
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "_", "-")
		value, err := optionValue(strings.TrimSpace(value))
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", i+1, name, err)
		}
		client[name] = value
	}
	return client, nil
}

// optionValue takes quotes and escapes off a value, and a comment that begins outside of quotes.
func optionValue(s string) (string, error) {
	var b strings.Builder
	quote := byte(0)
	if s != "" && (s[0] == '\'' || s[0] == '"') {
		quote, s = s[0], s[1:]
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteString(unescape(s[i]))
		case quote != 0 && c == quote:
			return b.String(), nil
		case quote == 0 && c == '#':
			return strings.TrimRight(b.String(), " \t"), nil
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", fmt.Errorf("a value without its closing %c", quote)
	}
	return b.String(), nil
}

func unescape(c byte) string {
	switch c {
	case 'b':
		return "\b"
	case 't':
		return "\t"
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 's':
		return " "
	case '\\', '"', '\'', '#':
		return string(c)
	}
	return "\\" + string(c)
}
