package dumpaccounts

import (
	"regexp"
	"slices"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

// defaultRole is the clause of MySQL's SHOW CREATE USER; it stands before anything that holds a user's own text.
var defaultRole = regexp.MustCompile("^(.*?) DEFAULT ROLE `(?:[^`]|``)*`@`(?:[^`]|``)*`(?:,`(?:[^`]|``)*`@`(?:[^`]|``)*`)*( REQUIRE )")

func withoutDefaultRole(create string) string { return defaultRole.ReplaceAllString(create, "$1$2") }

// plainGrant takes password, TLS and limits out of a GRANT that a server prints: CREATE USER has them. Not ok: the line is
// about another account (MariaDB shows the grants of a role's roles with it), or gives nothing.
func plainGrant(line string, a *Account) (grant string, ok bool) {
	if strings.HasPrefix(line, "REVOKE ") { // MySQL's partial revokes
		return line, true
	}
	at, after := grantee(line, a)
	if at < 0 {
		return "", false
	}
	grant = sortColumns(line[:at]) + " TO " + a.name()
	rest := withoutQuoted(line[after:])
	switch {
	case strings.Contains(rest, "GRANT OPTION"):
		return grant + " WITH GRANT OPTION", true
	case strings.Contains(rest, "ADMIN OPTION"):
		return grant + " WITH ADMIN OPTION", true
	}
	return grant, !strings.HasPrefix(grant, "GRANT USAGE ON *.* TO ")
}

var columns = regexp.MustCompile("\\((`(?:[^`]|``)*`(?:, `(?:[^`]|``)*`)*)\\)")

// sortColumns puts lists of columns in order: MariaDB prints them in that of a hash table, which may change.
func sortColumns(grant string) string {
	return columns.ReplaceAllStringFunc(grant, func(list string) string {
		names := strings.Split(list[1:len(list)-1], ", ")
		slices.Sort(names)
		return "(" + strings.Join(names, ", ") + ")"
	})
}

// grantee finds " TO account" in a grant: where it begins and where it ends.
func grantee(line string, a *Account) (at, after int) {
	forms := []string{a.name()}
	switch {
	case a.Role:
		forms = append(forms, a.User, dumpsql.Text(a.User))
	default:
		forms = append(forms, dumpsql.Text(a.User)+"@"+dumpsql.Text(a.Host))
	}
	for _, form := range forms {
		text := " TO " + form
		for from := 0; ; {
			i := strings.Index(line[from:], text)
			if i < 0 {
				break
			}
			i += from
			end := i + len(text)
			if end == len(line) || line[end] == ' ' {
				return i, end
			}
			from = end
		}
	}
	return -1, -1
}

var quoted = regexp.MustCompile(`'(?:[^'\\]|\\.|'')*'`)

func withoutQuoted(s string) string { return quoted.ReplaceAllString(s, "''") }

// privileges are the names of the privileges that a GRANT or REVOKE is about, in upper case, without columns, and what
// they are on; nil for a grant of roles.
func privileges(statement string) (names []string, object string) {
	list, ok := strings.CutPrefix(statement, "GRANT ")
	word := " TO "
	if !ok {
		if list, ok = strings.CutPrefix(statement, "REVOKE "); !ok {
			return nil, ""
		}
		word = " FROM "
	}
	if strings.HasPrefix(list, "`") {
		return nil, ""
	}
	list, rest, ok := dumpsql.CutOutside(list, " ON ")
	if !ok {
		return nil, ""
	}
	object, _, ok = dumpsql.CutOutside(rest, word)
	if !ok {
		return nil, ""
	}
	for _, name := range dumpsql.SplitOutside(list) {
		name, _, _ = strings.Cut(name, "(")
		names = append(names, strings.ToUpper(strings.TrimSpace(name)))
	}
	slices.Sort(names)
	return slices.Compact(names), object
}
