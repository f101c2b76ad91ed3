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
	reportFile = flag.String("faults.report", "", "write what happened as a page of documentation to this file")
	together   = flag.Int("faults.together", 4, "cases that run at the same time")
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
	if programs, err = fleet.Build(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// TestFaults runs the cases of the table and, at the end, prints what happened as a table.
func TestFaults(t *testing.T) {
	sandbox.Require(t, sandbox.MariaDB)
	sandbox.Require(t, sandbox.MySQL97)
	r := &report{}
	t.Cleanup(func() {
		t.Log("\n" + r.tables())
		if *reportFile != "" {
			if err := os.WriteFile(*reportFile, []byte(r.page()), 0o644); err != nil {
				t.Error(err)
			}
		}
	})
	ran := 0
	for i, c := range cases() {
		if !c.ci && !*all {
			continue
		}
		ran++
		t.Run(c.title(), func(t *testing.T) {
			t.Parallel()
			runCase(t, i, c, r)
		})
	}
	if ran < 20 {
		t.Fatalf("only %d cases were selected", ran)
	}
}

// runCase makes a world, lets the case do its harm in it, and looks at everything afterwards.
func runCase(t *testing.T, number int, c faultCase, r *report) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	w := newWorld(ctx, t, c)
	began := time.Now()
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
	r.add(number, c, w, time.Since(began))
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
