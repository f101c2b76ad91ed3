package dumpsql

import "strings"

// Name quotes an identifier in backticks.
func Name(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }

// Text quotes a string as a literal that means the same whether or not the session has NO_BACKSLASH_ESCAPES set, as long
// as s holds no backslash; with one, the session must not have it set.
func Text(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`, "\x00", `\0`).Replace(s) + "'"
}

// CutName reads an identifier in backticks at the start of s and returns it unquoted, and what follows it.
func CutName(s string) (name, rest string, ok bool) {
	if !strings.HasPrefix(s, "`") {
		return "", s, false
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '`' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '`' {
			i++
			continue
		}
		return strings.ReplaceAll(s[1:i], "``", "`"), s[i+1:], true
	}
	return "", s, false
}
