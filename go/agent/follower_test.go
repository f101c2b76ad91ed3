package agent_test

import (
	"errors"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

// follows is a Leader that does not lead.
type follows struct{}

func (follows) Leading() (agent.Fence, bool) { return agent.Fence{}, false }

// beside runs f with an engine that follows, beside one that leads and runs, in a bubble.
func beside(t *testing.T, f func(t *testing.T, w *world, follower *agent.Engine), change ...func(*agent.Policy)) {
	scheduled(t, func(t *testing.T, w *world) {
		o := w.options
		o.Leader, o.Node = follows{}, "node2"
		f(t, w, agent.New(o))
	}, change...)
}

// promptly fails the test when what a follower was asked for took longer than a person may wait for it.
func promptly(t *testing.T, began time.Time) {
	t.Helper()
	if took := time.Since(began); took > 1200*time.Millisecond {
		t.Errorf("it took %s", took)
	}
}

func TestSeedStartedThroughAFollowerIsSteppedByTheLeader(t *testing.T) {
	beside(t, func(t *testing.T, w *world, follower *agent.Engine) {
		s, err := follower.StartSeed(t.Context(), agentapi.Mysqldump, "tgt1", "src1", "dba")
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		w.until(s.ID, time.Minute, func(s *agent.Seed) bool { return s.Status != agentapi.Scheduled || s.Stage != agentapi.Prepare })
		promptly(t, began)
		w.until(s.ID, time.Minute, ended)
		w.at(s.ID, "Cleanup/Completed")
	})
}

func TestAbortThroughAFollowerIsFailedWhenItReturns(t *testing.T) {
	beside(t, func(t *testing.T, w *world, follower *agent.Engine) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand())
		id := w.begin()
		w.until(id, time.Minute, backupRuns)
		began := time.Now()
		if err := follower.Abort(t.Context(), id, false, "dba"); err != nil {
			t.Fatal(err)
		}
		promptly(t, began)
		w.at(id, "Backup/Failed")
	})
}

func TestForceThroughAFollowerGivesUpTheAgentThatIsDead(t *testing.T) {
	beside(t, func(t *testing.T, w *world, follower *agent.Engine) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand())
		id := w.begin()
		w.until(id, time.Minute, backupRuns)
		w.target.Down()
		if err := follower.Abort(t.Context(), id, false, "dba"); err != nil {
			t.Fatal(err)
		}
		w.at(id, "Backup/Aborting")
		if err := follower.Abort(t.Context(), id, true, "dba"); err != nil {
			t.Fatal(err)
		}
		s := w.at(id, "Backup/Failed")
		if s.Problem.Hint == "" {
			t.Error("no hint about the agent that did not answer")
		}
		w.wantHistory(id, "Agents that do not answer are given up, asked for by dba")
	})
}

func TestForceSurvivesTheCrashOfTheNodeThatWasAsked(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Backup, agentfake.OnDemand())
	id := w.begin()
	w.to(id, "Backup/Running")
	w.target.Down()
	crash := errors.New("killed here")
	writes := 0
	w.store.FailWith(func(call string) error { // after the person's move is stored, before anything comes of it
		if call != "Transition" {
			return nil
		}
		if writes++; writes > 1 {
			return crash
		}
		return nil
	})
	if err := w.Abort(t.Context(), id, true, "dba"); !errors.Is(err, crash) {
		t.Fatalf("abort: %v", err)
	}
	w.store.FailWith(nil)
	w.crash()
	w.cycle(id, "Backup/Failed")
}

func TestBandwidthThroughAFollowerIsConfirmedByTheAgents(t *testing.T) {
	beside(t, func(t *testing.T, w *world, follower *agent.Engine) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand())
		w.source.Script(agentapi.Backup, agentfake.OnDemand())
		id := w.beginBy(agentapi.Xtrabackup)
		w.until(id, time.Minute, backupRuns)
		began := time.Now()
		if err := follower.SetBandwidth(t.Context(), id, 1000, "dba"); err != nil {
			t.Fatal(err)
		}
		promptly(t, began)
		if w.target.Limit(id) != 1000 || w.source.Limit(id) != 1000 {
			t.Errorf("target has %d, source %d", w.target.Limit(id), w.source.Limit(id))
		}
		w.source.Break("bandwidth", agentfake.Reset())
		if err := follower.SetBandwidth(t.Context(), id, 2000, "dba"); !errors.Is(err, agent.ErrUnreachable) {
			t.Errorf("an agent that can't be told: %v", err)
		}
	})
}

func TestAgentsReportToAFollowerWakesTheLeader(t *testing.T) {
	w := newWorld(t)
	id := w.begin()
	o := w.options
	o.Leader = follows{}
	err := agent.New(o).AgentReported(t.Context(), "tgt1", agentapi.SeedStageState{SeedID: id})
	if err != nil {
		t.Fatal(err)
	}
	versions, err := w.store.WorkVersions(t.Context())
	if err != nil || len(versions) != 1 || versions[0].Wakes != 1 {
		t.Errorf("versions %+v, %v", versions, err)
	}
}

func backupRuns(s *agent.Seed) bool {
	return s.Stage == agentapi.Backup && s.Status == agentapi.Running
}

func TestAbortThroughAFollowerDoesNotWaitForACallThatHangs(t *testing.T) {
	beside(t, func(t *testing.T, w *world, follower *agent.Engine) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand())
		id := w.begin()
		w.until(id, time.Minute, backupRuns)
		w.target.Break("seed-stage-state", agentfake.Hang())
		<-time.After(3 * time.Second) // of the bubble: a poll hangs by now
		began := time.Now()
		if err := follower.Abort(t.Context(), id, false, "dba"); err != nil {
			t.Fatal(err)
		}
		promptly(t, began)
		w.at(id, "Backup/Failed")
	})
}

func TestReleaseAndRetryThroughAFollower(t *testing.T) {
	beside(t, func(t *testing.T, w *world, follower *agent.Engine) {
		w.target.Script(agentapi.Restore, agentfake.FailAfter(0, "no"), agentfake.FailAfter(0, "no"))
		id := w.begin()
		w.until(id, time.Minute, ended)
		began := time.Now()
		if err := follower.Retry(t.Context(), id, "dba"); err != nil {
			t.Fatal(err)
		}
		w.until(id, time.Minute, ended)
		promptly(t, began)
		w.at(id, "Restore/Failed")
		began = time.Now()
		w.source.Down()
		if err := follower.ReleaseSeed(t.Context(), id, "dba"); !errors.Is(err, agent.ErrUnreachable) {
			t.Errorf("release with a dead agent: %v", err)
		}
		promptly(t, began)
		w.source.Up()
		w.until(id, 5*time.Minute, func(s *agent.Seed) bool { return !s.Releasing() })
	}, func(p *agent.Policy) { p.MaxRetries = 0 })
}
