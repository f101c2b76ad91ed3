package faults

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// checkEnd holds how the seed ended against how it must have.
func (w *world) checkEnd(e ending) {
	w.t.Helper()
	s := w.ended
	if e.none {
		return
	}
	if e.once {
		w.checkOnce()
	}
	if e.code == "" {
		if s.Status != agentapi.Completed || s.Stage != agentapi.Cleanup {
			w.t.Fatalf("seed ended %s in %s: %s %s (%s)", s.Status, s.Stage, s.ErrorCode, s.ErrorText, s.Hint)
		}
		return
	}
	if s.Status != agentapi.Failed || s.Stage != e.stage || s.ErrorCode != e.code {
		w.t.Errorf("seed ended %s in %s with %q, must be Failed in %s with %q: %s", s.Status, s.Stage, s.ErrorCode, e.stage, e.code, s.ErrorText)
	}
	if !regexp.MustCompile(e.text).MatchString(s.ErrorText) {
		w.t.Errorf("the text %q does not match %q", s.ErrorText, e.text)
	}
	if s.ErrorText == "" || s.Hint == "" && e.code != "aborted" || !regexp.MustCompile(e.hint).MatchString(s.Hint) {
		w.t.Errorf("the hint %q does not match %q", s.Hint, e.hint)
	}
	held := e.code != "aborted" && slices.Contains([]agentapi.Stage{agentapi.Restore, agentapi.ConnectSlave, agentapi.Cleanup}, e.stage)
	if s.Held != held {
		w.t.Errorf("held is %v after a seed that failed in %s with %s", s.Held, e.stage, e.code)
	}
	w.note("“%s”", s.ErrorText)
	if s.Hint != "" {
		w.note("hint: “%s”", s.Hint)
	}
}

// checkTarget looks at the target's data.
func (w *world) checkTarget(e ending) {
	w.t.Helper()
	target := w.f.Target.Server
	w.targetNow = string(e.data)
	replication := w.replication(target)
	switch e.data {
	case replica:
		w.checkReplica(replication)
		return
	case oldData:
		for _, d := range different(w.targetRows, w.checksums(target)) {
			w.t.Errorf("target's old data: %s", d)
		}
	case emptied:
		if left := w.checksums(target); len(left) > 0 {
			w.t.Errorf("the target is not empty: %v", left)
		}
		if !w.said("(?i)target.*(empty|old data)|(empty|old data).*target|dropped the target's") {
			w.t.Error("no state of the seed says that the target's old data is gone")
		}
	case copied:
		w.checkEqual(heldOnly)
	case drifted:
		if len(replication) != 1 || replication[0].runs {
			w.t.Errorf("replication must have stopped: %v", replication)
		}
		return
	}
	if len(replication) > 0 {
		w.t.Errorf("the target is a replica: %v", replication)
	}
}

// checkReplica: both threads run, and all is equal once everything was applied.
func (w *world) checkReplica(replication []channel) {
	w.t.Helper()
	if len(replication) != 1 || !replication[0].runs {
		w.t.Fatalf("the target does not replicate: %v", replication)
	}
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
	defer cancel()
	w.must(sandbox.WaitReplica(ctx, w.db(w.f.Target.Server), w.db(w.f.Source.Server)))
	w.checkEqual(nothing)
}

func (w *world) checkEqual(except func(object string) bool) {
	w.t.Helper()
	differences, err := sandbox.Compare(w.ctx, w.db(w.f.Source.Server), w.db(w.f.Target.Server))
	w.must(err)
	for _, d := range differences {
		if !except(d.Object) {
			w.t.Errorf("source and target: %s", d)
		}
	}
}

// nothing and heldOnly are what checkEqual leaves out: heldOnly what holdsApplying writes after the copy was made.
func nothing(string) bool         { return false }
func heldOnly(object string) bool { return strings.Contains(object, "`held`") }

// said looks for a text in the seed's states.
func (w *world) said(pattern string) bool {
	w.t.Helper()
	states, err := w.f.States(w.ctx, w.id)
	w.must(err)
	return slices.ContainsFunc(states, func(s seedapi.SeedStageState) bool { return regexp.MustCompile(pattern).MatchString(s.Details) })
}

// retried: a stage was tried again. The seed's own count is that of its last stage.
func (w *world) retried() bool {
	w.t.Helper()
	return w.said(`^Retry \d+ of `)
}

// letGo releases a held seed, and waits until a failed one is released on both hosts.
func (w *world) letGo() {
	w.t.Helper()
	if w.ended.Status != agentapi.Failed {
		return
	}
	dead := func(a *fleet.Agent) bool { return a.Pid() == 0 || a.Ended() }
	if w.ended.Held {
		_, _, err := client.ReleaseSeed(w.id).Fetch(w.ctx, w.f.Service.Client)
		late := err != nil && strings.Contains(err.Error(), "came within the call's time") // MySQL is started on the old data meanwhile; the service asks again
		if !dead(w.f.Source) && !dead(w.f.Target) && !late {                               // one that is dead is told of later
			w.must(err)
		}
	}
	for _, a := range []*fleet.Agent{w.f.Source, w.f.Target} {
		if dead(a) { // one that the case left dead comes back now
			w.must(a.Stop())
			w.must(a.Start())
			w.must(a.Registered(w.ctx))
		}
	}
	w.until(func() error {
		if w.stands {
			w.step()
		}
		for _, h := range w.details().Hosts {
			if h.Release != "released" {
				return fmt.Errorf("%s is %q: %s", h.Hostname, h.Release, h.ReleaseError)
			}
		}
		return nil
	})
}

// checkStarts: no agent started the same attempt of a stage twice.
func (w *world) checkStarts() {
	w.t.Helper()
	for _, a := range []*fleet.Agent{w.f.Source, w.f.Target} {
		for start, times := range starts(a) {
			if times > 1 {
				w.t.Errorf("the agent on %s started %s %d times", a.Host, start, times)
			}
		}
	}
}

var startedLine = regexp.MustCompile(`msg="stage started" (.*seed=(\d+) stage=(\w+) attempt=(\d+).*)`)

// starts counts how often an agent started what, by "seed stage attempt", over all its lives.
func starts(a *fleet.Agent) map[string]int {
	count := map[string]int{}
	for _, m := range startedLine.FindAllStringSubmatch(a.Log(), -1) {
		count[strings.Join(m[2:5], " ")]++
	}
	return count
}

// checkOnce: every stage was started exactly once on every agent that takes part in it.
func (w *world) checkOnce() {
	w.t.Helper()
	for _, side := range sides {
		want := w.kit.starts(side)
		if got := starts(w.agent(side)); len(got) != want {
			w.t.Errorf("the %s's agent started %v, must be %d stages, each once", side, got, want)
		}
	}
}
