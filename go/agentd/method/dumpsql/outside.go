package dumpsql

import "strings"

// CutOutside is strings.Cut that does not look into backticks, quotes and parentheses.
func CutOutside(s, sep string) (before, after string, found bool) {
	i := indexOutside(s, func(rest string) bool { return strings.HasPrefix(rest, sep) })
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// SplitOutside splits at commas, with the same care.
func SplitOutside(s string) []string {
	var parts []string
	for {
		i := indexOutside(s, func(rest string) bool { return rest[0] == ',' })
		if i < 0 {
			return append(parts, s)
		}
		parts = append(parts, s[:i])
		s = s[i+1:]
	}
}

func indexOutside(s string, at func(rest string) bool) int {
	var quote byte
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case depth == 0 && at(s[i:]):
			return i
		case c == '`' || c == '\'':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
	}
	return -1
}
