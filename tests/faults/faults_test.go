package faults

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

var (
	all        = flag.Bool("faults.all", false, "run every case, not only the selection")
	together   = flag.Int("faults.together", 4, "cases that run at the same time")
	resultsDir = flag.String("faults.results", "", "keep what happened in this directory, by method; a run of some cases replaces what is known of these")
	commit     = flag.String("faults.commit", "unknown", "the commit of what is tested, for the results")
	pageFile   = flag.String("faults.page", "", "put the page of documentation together from the results, into this file")
)

// programs are built once for all cases.
var programs fleet.Programs

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", fmt.Sprint(*together)); err != nil {
		panic(err)
	}
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "seed-faults-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if flag.Lookup("test.run").Value.String() != "^$" { // else only the page is made
		if programs, err = fleet.Build(context.Background(), dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	code := m.Run()
	if *pageFile != "" {
		if err := writePage(*resultsDir, *pageFile); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// TestFaults runs the cases of the table and, at the end, prints what happened as a table.
func TestFaults(t *testing.T) {
	sandbox.Require(t, sandbox.MariaDB)
	sandbox.Require(t, sandbox.MySQL97)
	r := newReport(*commit, *resultsDir)
	t.Cleanup(func() { t.Log("\n" + r.tables()) })
	ran := 0
	for _, c := range cases() {
		if !c.ci && !*all {
			continue
		}
		ran++
		t.Run(c.title(), func(t *testing.T) {
			t.Parallel()
			runCase(t, c, r)
		})
	}
	if ran < 20 {
		t.Fatalf("only %d cases were selected", ran)
	}
}

// runCase makes a world, lets the case do its harm in it, and looks at everything afterwards.
func runCase(t *testing.T, c faultCase, r *report) {
	for _, p := range skewed[c.skewed] { // their building takes its own time, once
		if _, err := p.build(); err != nil {
			t.Fatal(err)
		}
	}
	most := lasting
	if c.slow {
		most = slowLasting
	}
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	var w *world
	began := time.Now()
	defer func() {
		if err := r.add(c, w, t.Failed(), time.Since(began)); err != nil {
			t.Error(err)
		}
	}()
	w = newWorld(ctx, t, c)
	began = time.Now()
	c.do(w)
	w.checkEnd(c.end)
	if c.kit.physical || c.end.data == emptied {
		w.letGo() // the old data are there again, or the new gone, only then
	}
	w.checkTarget(c.end)
	w.checkSource()
	w.letGo()
	w.checkLeftovers()
	w.checkStarts()
}

// tempDir is removed after the world's processes have ended; its name is in the command line or the environment of every
// one of them.
func tempDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "seed-fault-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}
