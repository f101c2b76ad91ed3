package faults

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// table is the markdown table of a method's lines.
func (r *results) table() string {
	if len(r.Lines) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| fault | stage | side | what happened | end state | target afterwards | left over | took |\n|---|---|---|---|---|---|---|---|\n")
	for _, l := range r.Lines {
		left := "none"
		if l.Failed {
			left = "**not as it must be**"
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s | %s | %.0f s |\n", l.Fault, l.At, l.Side, l.What, l.End, l.Target, left, l.Took)
	}
	return b.String()
}

// ran says in words when the lines were made: where a part was run again, how large it was.
func (r *results) ran() string {
	var parts []string
	for _, run := range r.Runs {
		n := 0
		for _, l := range r.Lines {
			if l.Run == run.ID {
				n++
			}
		}
		took := max(run.Took.Round(time.Minute), time.Minute)
		parts = append(parts, fmt.Sprintf("%d at %s (%s, %d at the same time, %d min)", n, run.Commit, run.ID[:len("2006-01-02")], run.Together, int(took.Minutes())))
	}
	return fmt.Sprintf("%d cases, by the commit of the programs: %s.", len(r.Lines), strings.Join(parts, "; "))
}

// section is a method's part of the page.
func (k *kit) section(r results) string {
	var without strings.Builder
	for _, fault := range slices.Sorted(maps.Keys(k.without)) {
		fmt.Fprintf(&without, "- **%d** is not done to %s: %s.\n", fault, k.method, k.without[fault])
	}
	return fmt.Sprintf("## %s, on %s\n\n%s\n\n%s\n%s\n", k.method, k.kind, r.ran(), r.table(), without.String())
}

// cell is what the matrix says of a fault and a method.
func (k *kit) cell(r results, fault int, cases []string) string {
	if k.without[fault] != "" {
		return "–"
	}
	if len(cases) == 0 {
		return ""
	}
	ok, ran := 0, 0
	for _, l := range r.Lines {
		if l.Fault == fault {
			ran++
			if !l.Failed {
				ok++
			}
		}
	}
	switch {
	case ran == 0:
		return "**not run**"
	case ran < len(cases):
		return fmt.Sprintf("**%d ok, %d failed, %d not run**", ok, ran-ok, len(cases)-ran)
	case ok < ran:
		return fmt.Sprintf("**%d ok, %d failed**", ok, ran-ok)
	}
	return fmt.Sprintf("%d ok", ok)
}

// page is put together from what is known of every method.
func page(dir string) (string, error) {
	planned := map[string][]string{} // cases by method and fault
	for _, c := range cases() {
		key := fmt.Sprint(c.method, c.fault)
		planned[key] = append(planned[key], c.title())
	}
	head, rule := "| fault |", "|---|"
	var sections strings.Builder
	known := map[*kit]results{}
	all := kits()
	total, bad := 0, 0
	for _, k := range all {
		r, err := readResults(dir, k.method)
		if err != nil {
			return "", err
		}
		r.replace(testRun{}, nil, titles(k.method)) // in their order, and none that is no case any more
		known[k] = r
		total += len(r.Lines)
		for _, l := range r.Lines {
			if l.Failed {
				bad++
			}
		}
		head, rule = head+" "+string(k.method)+" |", rule+"---|"
		sections.WriteString(k.section(r))
	}
	var matrix strings.Builder
	fmt.Fprintf(&matrix, "%s elsewhere |\n%s---|\n", head, rule)
	for _, f := range faultNames {
		fmt.Fprintf(&matrix, "| **%d** %s |", f.number, f.name)
		for _, k := range all {
			fmt.Fprintf(&matrix, " %s |", k.cell(known[k], f.number, planned[fmt.Sprint(k.method, f.number)]))
		}
		fmt.Fprintf(&matrix, " %s |\n", elsewhere[f.number])
	}
	verdict := "all as they must be"
	if bad > 0 {
		verdict = fmt.Sprintf("%d of them not as they must be", bad)
	}
	return fmt.Sprintf(pageText, total, verdict, matrix.String(), sections.String()), nil
}

// writePage does it.
func writePage(dir, file string) error {
	text, err := page(dir)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
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
  no directory or file of the seed in a backup directory, in or beside a data directory, nothing mounted, no port open on either host but those
  of the agent and the server, no session at work on the target, no downtime entry, no replication that was set up and not proven.
- **Starts.** No agent has started the same attempt of a stage twice.

Where a line says that the service "stands", it had a long ` + "`SeedProcessIntervalSeconds`" + ` and was stepped by ` + "`/api/process-seeds`" + `, so
that the fault hits exactly that state. "Held" stages are held open by a lock, by a program that waits in place of a tool, by a bound on the
bandwidth, or by a command that waits.

%d cases, %s. By fault and method, how many cases there are and how they ended ("ok": the end, the target, the
source, the leftovers and the starts were all as they must be). A dash stands where the fault can't be done to the method, for the
reason below its table. Where a cell is empty, the fault has nothing to do with the method and was done with another one, or it is
shown elsewhere, as the last column says.

%s
%s`

func TestPageTellsWhatFailedAndWhatWasNotRun(t *testing.T) {
	dir := t.TempDir()
	var names []string
	for _, c := range cases() {
		if c.method == "LVM" && c.fault == 23 {
			names = append(names, c.title())
		}
	}
	before, err := page(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(before, "**not run**") || strings.Contains(before, "1 ok") {
		t.Errorf("nothing was run, and the page says:\n%s", before)
	}
	var lines []line
	for i, name := range names {
		lines = append(lines, line{Case: name, Run: "2026-01-02T03:04:05Z", Fault: 23, Failed: i == 0})
	}
	var r results
	r.replace(testRun{ID: "2026-01-02T03:04:05Z", Commit: "abc1234"}, lines, titles("LVM"))
	if err := r.write(dir, "LVM"); err != nil {
		t.Fatal(err)
	}
	after, err := page(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{fmt.Sprintf("**%d ok, 1 failed**", len(names)-1), "1 of them not as they must be", fmt.Sprintf("%d at abc1234 (2026-01-02", len(names))} {
		if !strings.Contains(after, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	again, err := readResults(dir, "LVM")
	if err != nil {
		t.Fatal(err)
	}
	again.replace(testRun{ID: "2026-01-03T03:04:05Z", Commit: "def5678"}, []line{{Case: names[0], Run: "2026-01-03T03:04:05Z", Fault: 23}}, titles("LVM"))
	if len(again.Lines) != len(names) || again.Lines[0].Failed {
		t.Errorf("after the failed case was run again: %+v", again)
	}
}

func TestCasesHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cases() {
		if seen[c.title()] {
			t.Errorf("two cases are called %s", c.title())
		}
		seen[c.title()] = true
	}
}
