package inst

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// replicationPrefix stands before the true version on MariaDB servers that still present themselves to old replicas as a
// MySQL 5.5.
const replicationPrefix = "5.5.5-"

// ParseVersion reads the answer of VERSION(); comment, if given, is @@version_comment and decides the flavour of servers
// whose version text does not name it. Percona Server counts as MySQL.
func ParseVersion(text string, comment ...string) (Version, error) {
	v := Version{Flavour: MySQL, Text: text}
	if strings.Contains(strings.ToLower(text+" "+strings.Join(comment, " ")), "mariadb") {
		v.Flavour = MariaDB
	}
	rest := text
	if v.Flavour == MariaDB {
		rest = strings.TrimPrefix(rest, replicationPrefix)
	}
	for i, part := range []*int{&v.Major, &v.Minor, &v.Patch} {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.ParseUint(rest[:digits], 10, 16)
		if err != nil {
			return Version{}, fmt.Errorf("version %q does not begin with three numbers", shorten(text, 80))
		}
		*part, rest = int(n), rest[digits:]
		if i < 2 {
			if !strings.HasPrefix(rest, ".") {
				return Version{}, fmt.Errorf("version %q does not begin with three numbers", shorten(text, 80))
			}
			rest = rest[1:]
		}
	}
	return v, nil
}

// AtLeast compares with a release, or, if patch is given, with one of its versions; the flavour is not looked at.
func (v Version) AtLeast(major, minor int, patch ...int) bool {
	want := Version{Major: major, Minor: minor}
	if len(patch) > 0 {
		want.Patch = patch[0]
	}
	return v.Compare(want) >= 0
}

// Compare is -1, 0 or 1 as v is older than, the same as or newer than w, by numbers only.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch))
}

// shorten cuts s to at most n bytes, at the border of a character.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}
