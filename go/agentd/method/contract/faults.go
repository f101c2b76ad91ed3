package contract

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// until drives the seed until the moment's box holds or dies, or the moment's stage is over without that: a moment of
// progress may not come again. It returns the stage that was driven last.
func (s *seed) until(m Moment) (stage agentapi.Stage, err error) {
	last := m.Stage
	switch m.Stage {
	case inBackground:
		last = agentapi.Backup
	case inRelease:
		last = agentapi.Backup
	}
	for _, stage = range path {
		if err = s.run(stage); err != nil || stage == last {
			return stage, err
		}
	}
	return stage, err
}

// aborted aborts the seed at a moment.
func (c *suite) aborted(t *testing.T, m Moment) {
	s := c.seed(t)
	c.agents[m.Side].plan(Plan{Stage: m.Stage, N: m.N})
	stage, err := s.until(m)
	if err != nil && !errors.Is(err, errHeld) {
		c.show(t)
		t.Fatal(err)
	}
	for range 2 { // also twice
		if err := s.abort(stage); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range c.agents {
		if left := marked(a.box, a.cmd.Process.Pid); len(left) > 0 {
			t.Errorf("after the abort these go on at the %s: %v", a.box.Side, left)
		}
		a.plan(Plan{})
	}
	s.finish(stage)
}

// finish releases a seed that ended in that stage. Cleanup is tried again before: the gate has been passed.
func (s *seed) finish(stage agentapi.Stage) {
	s.t.Helper()
	if stage == agentapi.Cleanup {
		s.mustRun(agentapi.Cleanup)
		s.good()
		s.release()
		s.good()
		return
	}
	s.release()
	s.oldIsBack(stage)
}

// killed kills a side's agent at a moment. Then the seed is released, or it goes on where a service would go on.
func (c *suite) killed(t *testing.T, m Moment, release bool) {
	s := c.seed(t)
	a := c.agents[m.Side]
	a.plan(Plan{Stage: m.Stage, N: m.N, Kill: true})
	if m.N == 0 {
		process := a.cmd.Process
		defer time.AfterFunc(m.After, func() { _ = process.Kill() }).Stop()
	}
	stage, err := s.until(m)
	if m.Stage == inRelease && err == nil {
		_ = a.call("Release", s.id, new(int)) // it dies of it
	}
	if err != nil && !errors.Is(err, errDied) && !stageEnded(err) {
		c.show(t)
		t.Fatal(err)
	}
	a.kill() // where the moment did not come
	a.restart("")
	if err := s.abort(stage); err != nil { // what the other side still does
		t.Fatal(err)
	}
	if release || m.Stage == inRelease {
		s.finish(stage)
		return
	}
	if stage == agentapi.Backup {
		stage = agentapi.Prepare
	}
	if err := s.whole(stage); err != nil {
		c.show(t)
		t.Fatalf("when it goes on after a restart: %v", err)
	}
	s.good()
	s.release()
	s.good()
}

// stageEnded: the other side noticed the death first.
func stageEnded(err error) bool {
	var failed *stageFailed
	return errors.As(err, &failed)
}

// breaking is how a tool goes wrong.
type breaking string

const (
	failsAtEnd breaking = "fails after its last byte"
	cutsWell   breaking = "ends well with cut data"
	isKilled   breaking = "is killed"
)

func breaks(tool Tool) []breaking {
	if tool.Pipe == NoPipe {
		return []breaking{failsAtEnd, isKilled}
	}
	return []breaking{failsAtEnd, cutsWell, isKilled}
}

func (t Tool) String() string { return strings.TrimSpace(t.Name + " " + t.When) }

// broken runs a seed with a tool that goes wrong. The seed must not end well.
func (c *suite) broken(t *testing.T, tool Tool, how breaking) {
	dir := standIn(t, tool, how)
	s := c.seed(t)
	a := c.agents[tool.Side]
	a.stop()
	a.restart(dir)
	t.Cleanup(func() {
		a.stop()
		a.restart("")
	})
	err := s.whole(agentapi.Prepare)
	var failed *stageFailed
	if !errors.As(err, &failed) {
		c.show(t)
		t.Fatalf("the seed ended with %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "used")); err != nil {
		t.Errorf("the tool was never run, the test shows nothing: %v; the seed ended with %v", err, failed)
	}
	if stage := failed.state.Stage; !slices.Contains(path[:3], stage) {
		t.Errorf("the seed noticed it in %s", stage)
	}
	s.release()
	s.oldIsBack(failed.state.Stage)
}

// standIn is a directory with a program in the tool's place.
func standIn(t *testing.T, tool Tool, how breaking) (dir string) {
	t.Helper()
	real, err := exec.LookPath(tool.Name)
	if err != nil {
		t.Fatal(err)
	}
	const kill = "kill -9 $$"
	const cut = "head -c 3000"
	wrong := map[breaking]map[Pipe]string{
		failsAtEnd: {NoPipe: `"$real" "$@"; exit 3`, Writes: `"$real" "$@"; exit 3`, Reads: `"$real" "$@"; exit 3`},
		cutsWell:   {Writes: `"$real" "$@" | ` + cut + `; exit 0`, Reads: cut + ` | "$real" "$@"; exit 0`},
		isKilled:   {NoPipe: kill, Writes: `"$real" "$@" | ` + cut + `; ` + kill, Reads: cut + ` | "$real" "$@"; ` + kill},
	}[how][tool.Pipe]
	dir = t.TempDir()
	text := fmt.Sprintf("#!/bin/sh\nreal=%s\ncase \" $* \" in *%s*) : >%s/used\n%s;;\nesac\nexec \"$real\" \"$@\"\n",
		quote(real), quote(tool.When), quote(dir), wrong)
	if err := sandbox.WriteProgram(filepath.Join(dir, tool.Name), text); err != nil {
		t.Fatal(err)
	}
	return dir
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
