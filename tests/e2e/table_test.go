package e2e

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// The README's table of methods and servers is made of what the tests have proven: a complete run holds the two against each
// other, and -e2e.readme writes the table.
const (
	readme     = "../../README.md"
	tableBegin = "<!-- made by: go test ./tests/e2e -args -e2e.readme -->\n"
	tableEnd   = "<!-- end -->\n"
)

var writeReadme = flag.Bool("e2e.readme", false, "write the README's table of methods and servers")

// results is what was proven: a seed by the method, on such servers, gave an equal replica.
type results struct {
	mu     sync.Mutex
	proven map[cell][]string // how the replica was connected
}

type cell struct {
	method agentapi.Method
	kind   sandbox.Kind
}

var table = results{proven: map[cell][]string{}}

func (r *results) add(method agentapi.Method, kind sandbox.Kind, how string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := cell{method, kind}
	if !slices.Contains(r.proven[c], how) {
		r.proven[c] = append(r.proven[c], how)
		slices.Sort(r.proven[c])
	}
}

// columns are the servers of the table.
var columns = []struct {
	kind sandbox.Kind
	name string
}{{sandbox.MariaDB, "MariaDB 10.11"}, {sandbox.MySQL97, "MySQL 9.7"}, {sandbox.MySQL56, "MySQL 5.6"}}

func (r *results) markdown() string {
	var b strings.Builder
	b.WriteString("| method |")
	for _, c := range columns {
		b.WriteString(" " + c.name + " |")
	}
	b.WriteString("\n|---" + strings.Repeat("|---", len(columns)) + "|\n")
	for _, m := range agentapi.Methods {
		fmt.Fprintf(&b, "| [%s](docs/methods/%s.md) |", m, strings.ToLower(string(m)))
		for _, c := range columns {
			b.WriteString(" " + cmp.Or(strings.Join(r.proven[cell{m, c.kind}], ", "), "-") + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// holdReadme compares the README's table with what was proven, or writes it.
func (r *results) holdReadme() error {
	raw, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(raw), tableBegin)
	old, after, closed := strings.Cut(rest, tableEnd)
	if !found || !closed {
		return errors.New("README.md has no place for the table of methods and servers")
	}
	now := r.markdown()
	if *writeReadme {
		return os.WriteFile(readme, []byte(before+tableBegin+now+tableEnd+after), 0o644)
	}
	if old != now {
		return fmt.Errorf("README.md says of methods and servers\n%s\nbut the tests have proven\n%s\nwrite it anew with: go test ./tests/e2e -args -e2e.readme", old, now)
	}
	return nil
}
