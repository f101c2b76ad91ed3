package e2e

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// With the default interval of 60 s, little of a seed may pass while no agent works. docs/performance.md says how the time
// is reckoned and shows what this test prints.
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
	gaps := w.gaps(s, asked, ended)
	var idle time.Duration
	for _, g := range gaps {
		idle += g.took
		t.Logf("%-28s %7.3f s", g.name, g.took.Seconds())
	}
	t.Logf("%-28s %7.3f s of %.3f s", "no agent works", idle.Seconds(), ended.Sub(asked).Seconds())
	if idle > most {
		t.Errorf("no agent worked for %s of the seed, at most %s is allowed", idle, most)
	}
}

// gap is a time in which no agent works.
type gap struct {
	name string
	took time.Duration
}

// work is one stage on one agent, from its start to its end, as that agent wrote them into its journal.
type work struct {
	stage      agentapi.Stage
	start, end time.Time
}

// gaps are all times from asked to ended in which neither agent worked, named by the stages around them.
func (w *world) gaps(s seedapi.Seed, asked, ended time.Time) []gap {
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
	slices.SortFunc(all, func(a, b work) int { return cmp.Compare(a.start.UnixNano(), b.start.UnixNano()) })
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
