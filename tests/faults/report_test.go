package faults

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// report collects what happened.
type report struct {
	mu    sync.Mutex
	lines []line
}

type line struct {
	number int
	method agentapi.Method
	cells  []string
	failed bool
}

var faultNames = map[int]string{
	1: "kill -9 of the service", 5: "kill -9 of the source's agent", 6: "kill -9 of the target's agent",
	7: "the target's host restarted: all its processes gone at once, then server and agent started", 8: "kill -9 of a tool, of connections, of a server",
	9: "tool ends with 0 and cut output", 10: "tool ends with an error after its last byte", 11: "tool prints success and ends with an error",
	12: "connection of the data reset", 13: "connection of the data a black hole", 14: "slow, lossy line", 15: "a flipped bit on the line",
	16: "target's disk full", 17: "target's directory read-only", 18: "a stage that hangs without moving", 23: "abort in every stage", 24: "abort twice, abort after Completed",
	21: "DDL and heavy writes on the source", 22: "a long transaction, a lock on the source", 26: "late commands of older attempts",
	31: "thousands of tables", 32: "one huge table and many small ones", 34: "data directory that is a link, a mount point, holds lost+found",
	35: "separate directories for redo, undo, logs", 38: "data port in use",
	25: "the same seed twice, two seeds for one target, two for one source", 28: "wrong replication password",
	29: "the target's server does not run after the restore", 30: "replication errors 1236 and 1062 after connecting", 33: "awkward passwords",
}

func (r *report) add(number int, c faultCase, w *world, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	end := cmp.Or(string(w.ended.Status), "no seed was made")
	if w.ended.ErrorCode != "" {
		end += " in " + string(w.ended.Stage) + ", `" + w.ended.ErrorCode + "`"
	}
	happened := strings.Join(append([]string{c.what}, w.notes...), "; ")
	left := "none"
	if w.t.Failed() {
		left = "**not as it must be**"
	}
	cells := []string{fmt.Sprint(c.fault), c.at(), c.side, happened, end, w.targetNow, left, fmt.Sprintf("%.0f s", took.Seconds())}
	plain := w.plain()
	for i, cell := range cells {
		cells[i] = plain.Replace(cell)
	}
	r.lines = append(r.lines, line{number: number, method: c.method, cells: cells, failed: w.t.Failed()})
}

// plain takes out what differs from run to run, and what a table can't hold.
func (w *world) plain() *strings.Replacer {
	f := w.f
	names := []string{"|", "\\|", "\n", " ", filepath.Dir(f.Dir), "", " of seed " + fmt.Sprint(w.id), " of the seed"}
	for name, a := range map[string]*fleet.Agent{"source": f.Source, "target": f.Target} {
		names = append(names, fmt.Sprintf("%s:%d", a.Host, a.Port), name+":3002", fmt.Sprintf(" its port %d", a.Port), " its port 3002",
			fmt.Sprintf("%s:%d", a.Host, a.SeedPort), name+":21234", a.Server.Address(), name+":3306", a.Host, name)
	}
	for _, a := range w.others {
		names = append(names, a.Host, "third")
	}
	return strings.NewReplacer(append(names, "127.0.0.1", "localhost")...)
}

// table is a method's markdown table, in the order of the list of faults, with what can't be done to the method.
func (r *report) table(k *kit) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.lines, func(a, b line) int {
		return cmp.Or(strings.Compare(pad(a.cells[0]), pad(b.cells[0])), cmp.Compare(a.number, b.number))
	})
	var b strings.Builder
	for _, l := range r.lines {
		if l.method == k.method {
			b.WriteString("| " + strings.Join(l.cells, " | ") + " |\n")
		}
	}
	if b.Len() == 0 {
		return ""
	}
	var without strings.Builder
	for _, fault := range slices.Sorted(maps.Keys(k.without)) {
		fmt.Fprintf(&without, "- **%d** is not done to %s: %s.\n", fault, k.method, k.without[fault])
	}
	return fmt.Sprintf("## %s, on %s\n\n| fault | stage | side | what happened | end state | target afterwards | left over | took |\n|---|---|---|---|---|---|---|---|\n%s\n%s\n",
		k.method, k.kind, b.String(), without.String())
}

// tables are those of all methods.
func (r *report) tables() string {
	var b strings.Builder
	for _, k := range kits() {
		b.WriteString(r.table(k))
	}
	return b.String()
}

func pad(number string) string { return fmt.Sprintf("%3s", number) }

// page is the table with its introduction.
func (r *report) page() string {
	var names strings.Builder
	numbers := make([]int, 0, len(faultNames))
	for n := range faultNames {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		fmt.Fprintf(&names, "- **%d** %s\n", n, faultNames[n])
	}
	return fmt.Sprintf(pageText, names.String(), len(r.lines), r.tables())
}

const pageText = `# What happens when something breaks

Made by ` + "`script/faults`" + `; do not edit. Each line was done to a real seed: the service, two agents and two database servers (MariaDB, for
ClonePlugin MySQL) ran as processes, the fault was brought about in the named stage, and then this was looked at:

- **The end.** Every seed ends, in ` + "`Completed`" + ` or in ` + "`Failed`" + ` with a code, a text and a hint, which were held against what they must be.
- **The target.** After ` + "`Completed`" + ` it replicates, and every object, row and account is equal to the source's. After ` + "`Failed`" + ` it holds its old
  data, checksums equal to those from before; or, when the old data had been removed already, what the column says. Its settings are
  what they were.
- **The source.** Its GTID position and the checksums of its tables are what they were, no session of an agent is at work there, nothing is
  locked, it has not become a replica.
- **Leftovers**, after a held seed was released: no process that an agent or a tool of the seed started (all of ` + "`/proc`" + ` is looked through),
  no directory or file of the seed in a backup directory, in or beside a data directory, nothing mounted, no port open on either host but those of the agent and the server, no session at work
  on the target, no downtime entry, no replication that was set up and not proven.
- **Starts.** No agent has started the same attempt of a stage twice.

Where a line says that the service "stands", it had a long ` + "`SeedProcessIntervalSeconds`" + ` and was stepped by ` + "`/api/process-seeds`" + `, so
that the fault hits exactly that state. "Held" stages are held open by a lock, by a program that waits in place of a tool, by a bound on the
bandwidth, or by a command that waits. Faults 1, 25, 28 and 30 are the service's business and done with Mysqldump.

The faults, by their numbers:

%s
%d cases.

%s`
