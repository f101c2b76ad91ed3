package config

import (
	"errors"
	"strings"
)

// Split cuts a command line into arguments as a POSIX shell does for quotes and backslashes, and does nothing else that a
// shell does: no variables, no wildcards, no pipes. An empty or blank line gives no arguments.
func Split(s string) ([]string, error) {
	var args []string
	var arg strings.Builder
	var quote rune // ' or " inside of quotes
	inArg, escaped := false, false
	for _, r := range s {
		switch {
		case escaped:
			if quote == '"' && !strings.ContainsRune("\"\\$`", r) {
				arg.WriteByte('\\')
			}
			arg.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inArg = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			arg.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inArg = r, true
		case strings.ContainsRune(" \t\r\n", r):
			if inArg {
				args = append(args, arg.String())
				arg.Reset()
				inArg = false
			}
		default:
			arg.WriteRune(r)
			inArg = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is not closed")
	}
	if escaped {
		return nil, errors.New("nothing follows the last backslash")
	}
	if inArg {
		args = append(args, arg.String())
	}
	return args, nil
}

// shellWord says which word of an argument vector looks as if a shell were expected, "" when none does.
func shellWord(args []string) string {
	for _, a := range args {
		switch a {
		case "|", "||", "&", "&&", ";", ">", ">>", "<", "2>&1":
			return a
		}
	}
	return ""
}
