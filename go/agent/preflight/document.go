package preflight

import (
	"fmt"
	"strings"
)

// Document is the table of docs/checks.md.
func Document() string {
	var b strings.Builder
	b.WriteString("| check | methods | what is looked at | needed |\n|---|---|---|---|\n")
	for _, c := range table {
		only := c.only
		if only == "" {
			only = "all"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.name, only, c.about, c.needed)
	}
	return b.String()
}
