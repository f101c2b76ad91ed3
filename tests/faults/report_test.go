package faults

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// report collects what happened.
type report struct {
	mu    sync.Mutex
	lines []line
}

type line struct {
	number int
	cells  []string
	failed bool
}

var faultNames = map[int]string{
	1: "kill -9 of the service", 5: "kill -9 of the source's agent", 6: "kill -9 of the target's agent", 8: "kill -9 of the dump program, the loader, a server",
	9: "tool ends with 0 and cut output", 10: "tool ends with an error after its last byte", 11: "tool prints success and ends with an error",
	16: "target's disk full", 18: "a stage that hangs without moving", 23: "abort in every stage", 24: "abort twice, abort after Completed",
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
	cells := []string{fmt.Sprint(c.fault), string(c.method), c.stage, c.side, happened, end, w.targetNow, left, fmt.Sprintf("%.0f s", took.Seconds())}
	plain := w.plain()
	for i, cell := range cells {
		cells[i] = plain.Replace(cell)
	}
	r.lines = append(r.lines, line{number: number, cells: cells, failed: w.t.Failed()})
}

// plain takes out what differs from run to run, and what a table can't hold.
func (w *world) plain() *strings.Replacer {
	f := w.f
	names := []string{"|", "\\|", "\n", " ", filepath.Dir(f.Dir), "", " of seed " + fmt.Sprint(w.id), " of the seed"}
	for name, a := range map[string]*fleet.Agent{"source": f.Source, "target": f.Target} {
		names = append(names, fmt.Sprintf("%s:%d", a.Host, a.Port), name+":3002", fmt.Sprintf(" its port %d", a.Port), " its port 3002",
			a.Server.Address(), name+":3306", a.Host, name)
	}
	for _, a := range w.others {
		names = append(names, a.Host, "third")
	}
	return strings.NewReplacer(append(names, "127.0.0.1", "localhost")...)
}

// table is the markdown table, in the order of the list of faults.
func (r *report) table() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.lines, func(a, b line) int {
		return cmp.Or(strings.Compare(pad(a.cells[0]), pad(b.cells[0])), cmp.Compare(a.number, b.number))
	})
	var b strings.Builder
	b.WriteString("| fault | method | stage | side | what happened | end state | target afterwards | left over | took |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, l := range r.lines {
		b.WriteString("| " + strings.Join(l.cells, " | ") + " |\n")
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
	return fmt.Sprintf(pageText, names.String(), r.table(), len(r.lines))
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

The faults, by their numbers:

%s
%s
%d cases. Where a line says that the service "stands", it had a long ` + "`SeedProcessIntervalSeconds`" + ` and was stepped by ` + "`/api/process-seeds`" + `, so
that the fault hits exactly that state. "Held" stages are held open by a lock, by a program that waits in place of the dump program, or
by a command that waits.
`
