package faults

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
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
	var err error
	for _, p := range skewed[who] {
		switch program, e := p.build(); p.side {
		case agentapi.Source:
			o.SourceAgent, err = program, e
		case agentapi.Target:
			o.TargetAgent, err = program, e
		default:
			o.Programs.Seed, err = program, e
		}
		w.must(err)
	}
}

// skewedProgram is one of ours whose clock is off.
type skewedProgram struct {
	side  agentapi.Side // whose agent it is; "": the service
	build func() (path string, err error)
}

var skewed = map[string][]skewedProgram{
	"service": {{"", skewedBuild("orchestrator-seed", "ahead", 3600)}},
	"agents":  {{agentapi.Source, skewedBuild("orchestrator-agent", "ahead", 3600)}, {agentapi.Target, skewedBuild("orchestrator-agent", "behind", -3600)}},
}

// skewedBuild builds a program, once, with a standard library whose time.Now is off by so many seconds: no clock of the machine
// is changed, and everything in the program - timestamps, leases, certificates - sees the other time.
func skewedBuild(program, name string, seconds int) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		dir := filepath.Join(filepath.Dir(programs.Seed), name+"-"+program)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return "", err
		}
		overlay, err := skewedLibrary(dir, seconds)
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, program)
		build := exec.Command("go", "build", "-trimpath", "-overlay", overlay, "-ldflags", "-X main.version=test", "-o", path, "../../go/cmd/"+program)
		if program == "orchestrator-agent" {
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
		}
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s with a clock that is %s: %w\n%s", program, name, err, out)
		}
		return path, nil
	})
}

// skewedLibrary writes the changed file of Go's own library, and what has it compiled in place of the original.
func skewedLibrary(dir string, seconds int) (overlay string, err error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("find Go's own library: %w", err)
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	text, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	const clock = "sec, nsec, mono := runtimeNow()\n"
	if strings.Count(string(text), clock) != 1 {
		return "", fmt.Errorf("%s does not read the clock as this test expects", original)
	}
	changed := filepath.Join(dir, "time.go")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(text), clock, clock+fmt.Sprintf("\tsec += %d\n", seconds), 1)), 0o644); err != nil {
		return "", err
	}
	raw, err := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, raw, 0o644)
}
