package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// testCase is one thing that is tried; it says what was seen.
type testCase struct {
	name string
	run  func(ctx context.Context, w *world) (seen string, err error)
}

func main() {
	bin := flag.String("bin", "/seed/bin", "directory of orchestrator-seed and orchestrator-agent")
	source := flag.String("source-disk", "/dev/vdc", "empty disk for the source's volume group")
	target := flag.String("target-disk", "/dev/vdd", "empty disk for the target's volume group")
	only := flag.String("run", "", "part of the names of the cases to run")
	flag.Parse()
	if _, err := os.Stat("/seed-vm"); err != nil {
		fmt.Fprintln(os.Stderr, "this is not the virtual machine of script/test-lvm")
		os.Exit(2)
	}
	r := &report{since: time.Now()}
	p := fleet.Programs{Seed: filepath.Join(*bin, "orchestrator-seed"), Agent: filepath.Join(*bin, "orchestrator-agent")}
	for _, s := range scenes() {
		r.scene(context.Background(), s, p, *source, *target, *only)
	}
	if !r.print() {
		os.Exit(1)
	}
}

// report is the table.
type report struct {
	since time.Time
	rows  [][4]string
	bad   bool
}

func (r *report) add(where, name, seen string, err error, took time.Duration) {
	verdict := "ok"
	if err != nil {
		verdict, seen, r.bad = "FAILED", err.Error(), true
	}
	r.rows = append(r.rows, [4]string{where, name, verdict, seen})
	fmt.Printf("%6.0fs  %s: %s: %s (%.0f s): %s\n", time.Since(r.since).Seconds(), where, name, verdict, took.Seconds(), seen)
}

// scene runs the cases of one pair of servers.
func (r *report) scene(ctx context.Context, s scene, p fleet.Programs, source, target, only string) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute)
	defer cancel()
	begin := time.Now()
	w, err := s.start(ctx, p, source, target)
	if err != nil {
		r.add(s.name, "start", "", err, time.Since(begin))
		if err := w.close(); err != nil {
			r.add(s.name, "end", "", err, 0)
		}
		return
	}
	r.add(s.name, "start", "servers, agents and service run", nil, time.Since(begin))
	for _, c := range s.cases {
		if !strings.Contains(c.name, only) {
			continue
		}
		begin := time.Now()
		seen, err := c.run(ctx, w)
		if err != nil {
			fmt.Println(w.story(ctx))
			if err := w.clear(ctx); err != nil {
				fmt.Println("clear:", err)
			}
		}
		r.add(s.name, c.name, seen, err, time.Since(begin))
	}
	if err := w.close(); err != nil {
		r.add(s.name, "end", "", err, 0)
	}
}

func (r *report) print() bool {
	fmt.Printf("\n| source | what | verdict | seen |\n|---|---|---|---|\n")
	for _, row := range r.rows {
		fmt.Printf("| %s | %s | %s | %s |\n", row[0], row[1], row[2], strings.ReplaceAll(strings.Join(strings.Fields(row[3]), " "), "|", "/"))
	}
	fmt.Printf("\n%d rows in %.0f s\n", len(r.rows), time.Since(r.since).Seconds())
	return !r.bad
}
