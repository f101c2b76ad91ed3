package preflight

import (
	"errors"
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// check is one line of the table.
type check struct {
	name    string
	about   string            // for docs/checks.md: what is looked at, and when it does not pass
	needed  string            // what has to be so, as a sentence; a verdict may say it more exactly
	only    string            // for docs/checks.md: the methods it concerns; "" is all
	applies func(*facts) bool // nil: always; otherwise it is left out where it says no
	run     func(*facts) verdict
}

// verdict is an agent.Check without what the table knows.
type verdict struct {
	result agent.CheckResult
	found  string
	needed string // "": the check's
	hint   string
}

func (c check) outcome(f *facts) agent.Check {
	v := c.run(f)
	if v.needed == "" {
		v.needed = c.needed
	}
	return agent.Check{Name: c.name, Result: v.result, Found: v.found, Needed: v.needed, Hint: v.hint}
}

func pass(format string, args ...any) verdict {
	return verdict{result: agent.Pass, found: fmt.Sprintf(format, args...)}
}

func warn(hint, format string, args ...any) verdict {
	return verdict{result: agent.Warn, found: fmt.Sprintf(format, args...), hint: hint}
}

func fail(hint, format string, args ...any) verdict {
	return verdict{result: agent.Fail, found: fmt.Sprintf(format, args...), hint: hint}
}

// need replaces the check's general sentence.
func (v verdict) need(format string, args ...any) verdict {
	v.needed = fmt.Sprintf(format, args...)
	return v
}

// softer makes a failure a warning, for checks that only ever warn.
func (v verdict) softer() verdict {
	if v.result == agent.Fail {
		v.result = agent.Warn
	}
	return v
}

// noMySQL is the verdict when a server's state is missing.
func noMySQL(hosts ...*hostFacts) (verdict, bool) {
	for _, h := range hosts {
		if h.mysql == nil {
			return fail(hintOf(h.mysqlErr, "see the check mysql-answers"), "not known: MySQL on %s could not be read: %s", h.name, reason(h.mysqlErr)), true
		}
	}
	return verdict{}, false
}

// noData is the verdict when an agent's facts are missing.
func noData(hosts ...*hostFacts) (verdict, bool) {
	for _, h := range hosts {
		if h.data == nil {
			return fail(hintOf(h.dataErr, "see the check agents-answer"), "not known: the agent on %s gave no facts: %s", h.name, reason(h.dataErr)), true
		}
	}
	return verdict{}, false
}

func reason(err error) string {
	if err == nil {
		return "nothing came"
	}
	return err.Error()
}

// hintOf is the error's own advice, if it has one.
func hintOf(err error, otherwise string) string {
	var op *agent.OpError
	if errors.As(err, &op) && op.Hint != "" {
		return op.Hint
	}
	return otherwise
}

func physical(f *facts) bool {
	return f.method == agentapi.Xtrabackup || f.method == agentapi.LVM || f.method == agentapi.ClonePlugin
}

func logical(f *facts) bool { return f.method == agentapi.Mysqldump || f.method == agentapi.Mydumper }

func usesDataPort(f *facts) bool { return f.method == agentapi.Xtrabackup || f.method == agentapi.LVM }

func knownMethod(f *facts) bool { return physical(f) || logical(f) }

// of says "one thing" or "3 things".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// list joins names and leaves out what is too much.
func list(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// size shows bytes in binary units.
func size(bytes int64) string {
	const units = "KMGTPE"
	if bytes < 1024 {
		return fmt.Sprintf("%d B", bytes)
	}
	value, unit := float64(bytes)/1024, 0
	for value >= 1023.95 && unit < len(units)-1 {
		value /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", value, units[unit])
}
