package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// clocksOff is fault 27.
func clocksOff(*kit) []faultCase {
	run := func(what, side, who string) faultCase {
		return faultCase{fault: 27, what: what, stage: "all", side: side, skewed: who, end: onceEach, do: func(w *world) {
			w.start()
			w.end()
		}}
	}
	return []faultCase{
		run("the clock of the source's agent is an hour ahead, that of the target's an hour behind", "both", "agents"),
		run("the clock of the service is an hour ahead", "service", "service"),
	}
}

// skew has programs run whose clock is off.
func (w *world) skew(o *fleet.Options, who string) {
	w.t.Helper()
	ahead, err := hourAhead()
	w.must(err)
	if who == "service" {
		o.Programs.Seed = ahead.Seed
		return
	}
	behind, err := hourBehind()
	w.must(err)
	o.SourceAgent, o.TargetAgent = ahead.Agent, behind.Agent
}

var (
	hourAhead  = skewedPrograms("ahead", 3600)
	hourBehind = skewedPrograms("behind", -3600)
)

// skewedPrograms builds ours, once, with a standard library whose time.Now is off by so many seconds: no clock of the machine is
// changed, and everything in the programs - timestamps, leases, certificates - sees the other time.
func skewedPrograms(name string, seconds int) func() (fleet.Programs, error) {
	return sync.OnceValues(func() (fleet.Programs, error) {
		dir := filepath.Join(filepath.Dir(programs.Seed), name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fleet.Programs{}, err
		}
		root, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return fleet.Programs{}, fmt.Errorf("find Go's own library: %w", err)
		}
		original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
		text, err := os.ReadFile(original)
		if err != nil {
			return fleet.Programs{}, err
		}
		const clock = "sec, nsec, mono := runtimeNow()\n"
		if strings.Count(string(text), clock) != 1 {
			return fleet.Programs{}, fmt.Errorf("%s does not read the clock as this test expects", original)
		}
		changed := filepath.Join(dir, "time.go")
		text = []byte(strings.Replace(string(text), clock, clock+fmt.Sprintf("\tsec += %d\n", seconds), 1))
		if err := os.WriteFile(changed, text, 0o644); err != nil {
			return fleet.Programs{}, err
		}
		overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
		if err != nil {
			return fleet.Programs{}, err
		}
		file := filepath.Join(dir, "overlay.json")
		if err := os.WriteFile(file, overlay, 0o644); err != nil {
			return fleet.Programs{}, err
		}
		return fleet.Build(context.Background(), dir, "GOFLAGS=-overlay="+file)
	})
}
