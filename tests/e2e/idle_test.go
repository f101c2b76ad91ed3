package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// With the default interval of 60 s, little of a seed may pass while nobody works on it: the sum of the gaps between its
// stages. docs/performance.md says how the time is reckoned and shows what these tests print.
func TestNoTimePassesBetweenStagesWithOurAgents(t *testing.T) {
	idleTime(t, fleet.Options{}, time.Second)
}

func TestLittleTimePassesBetweenStagesWithAgentsThatNeverCallBack(t *testing.T) {
	idleTime(t, fleet.Options{NoCallbacks: true}, 10*time.Second)
}

func idleTime(t *testing.T, o fleet.Options, most time.Duration) {
	o.Kind, o.Fill = sandbox.MariaDB, fill(60)
	o.ServiceConfig = map[string]any{"SeedProcessIntervalSeconds": 60} // the default
	w := start(t, o)
	id := w.seed()
	asked := time.Now()
	s := w.completed(id)
	ended := time.Now()
	connecting := w.connecting(id)
	gaps := gaps(append(w.stages(s), connecting), asked, ended)
	var idle time.Duration
	for _, g := range gaps {
		idle += g.took
		t.Logf("%-30s %7.3f s", g.name, g.took.Seconds())
	}
	t.Logf("%-30s %7.3f s of %.3f s", "sum of the gaps", idle.Seconds(), ended.Sub(asked).Seconds())
	t.Logf("%-30s %7.3f s", "and connecting the replica", connecting.end.Sub(connecting.start).Seconds())
	if idle > most {
		t.Errorf("nobody worked for %s of the seed, at most %s is allowed", idle, most)
	}
}

// gap is a time in which nobody works on the seed.
type gap struct {
	name string
	took time.Duration
}

// work is one stage at one place, from its start to its end.
type work struct {
	stage      agentapi.Stage
	start, end time.Time
}

// stages are what the agents did, as they wrote it into their journals.
func (w *world) stages(s seedapi.Seed) []work {
	w.t.Helper()
	var all []work
	for _, a := range []*fleet.Agent{w.Source, w.Target} {
		e := w.journalOf(a, s.SeedID)
		for stage, st := range e.Stages {
			if st.Status != agentapi.Completed || st.Changed.Before(st.Started) {
				w.t.Errorf("journal of %s: %s is %s, from %s to %s", a.Host, stage, st.Status, st.Started, st.Changed)
			}
			all = append(all, work{stage, st.Started, st.Changed})
		}
	}
	// Both prepare and clean up, one makes the backup and restores it.
	if len(all) != 6 {
		w.t.Fatalf("the agents worked %d times, want 6: %v", len(all), all)
	}
	return all
}

// connecting is the part of ConnectSlave in which the target's MySQL executes what makes it a replica: from the moment the
// target's agent was asked where the copy stands until the service knew the last statement done. What the service waits for
// the replica afterwards is not in it.
func (w *world) connecting(id int64) work {
	return work{
		stage: agentapi.ConnectSlave,
		start: w.logged(w.Target.Process, fmt.Sprintf("path=/api/get-metadata/%d/", id)),
		end:   w.logged(w.Service.Process, fmt.Sprintf(`msg="seed moved" seed=%d event=accepted stage=ConnectSlave`, id)),
	}
}

var logTime = regexp.MustCompile(`^time=(\S+) `)

// logged is when a program wrote the one line with these words.
func (w *world) logged(p *fleet.Process, words string) time.Time {
	w.t.Helper()
	var at []time.Time
	for line := range strings.Lines(p.Log()) {
		if m := logTime.FindStringSubmatch(line); m != nil && strings.Contains(line, words) {
			when, err := time.Parse(time.RFC3339Nano, m[1])
			w.must(err, "read a line's time")
			at = append(at, when)
		}
	}
	if len(at) != 1 {
		w.t.Fatalf("%d lines with %q, want 1", len(at), words)
	}
	return at[0]
}

// gaps are all times from asked to ended that no work covers, named by the stages around them.
func gaps(all []work, asked, ended time.Time) []gap {
	slices.SortFunc(all, func(a, b work) int { return a.start.Compare(b.start) })
	var found []gap
	last, until := "asked for", asked
	for _, x := range all {
		if x.start.After(until) {
			found = append(found, gap{last + " -> " + string(x.stage), x.start.Sub(until)})
		}
		if x.end.After(until) {
			last, until = string(x.stage), x.end
		}
	}
	if ended.After(until) {
		found = append(found, gap{last + " -> Completed", ended.Sub(until)})
	}
	return found
}
