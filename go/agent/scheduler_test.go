package agent_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

// scheduled runs f beside a scheduler, in a bubble whose time passes only when everybody waits.
func scheduled(t *testing.T, f func(t *testing.T, w *world), change ...func(*agent.Policy)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, change...)
		w.options.Clock = agent.SystemClock{}
		w.crash()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { w.Run(ctx); close(done) }()
		f(t, w)
		cancel()
		<-done
	})
}

// until lets time pass, in steps of the bubble's clock, until the seed is as wanted; it returns how long that took.
func (w *world) until(id int64, most time.Duration, wanted func(*agent.Seed) bool) time.Duration {
	w.t.Helper()
	began := time.Now()
	tick := time.NewTicker(max(10*time.Millisecond, most/6000))
	defer tick.Stop()
	for range tick.C {
		if wanted(w.seed(id)) {
			break
		}
		if time.Since(began) > most {
			s := w.seed(id)
			w.t.Fatalf("seed is at %s/%s after %s\n%s", s.Stage, s.Status, most, w.history(id))
		}
	}
	return time.Since(began)
}

func ended(s *agent.Seed) bool { return !s.Active() }

func TestBareTickerTakesOneStepAnInterval(t *testing.T) {
	scheduled(t, func(_ *testing.T, w *world) {
		id := w.begin()
		took := w.until(id, time.Hour, ended)
		if took < 10*time.Minute || took > 11*time.Minute { // ten steps
			w.t.Errorf("took %s", took)
		}
	}, func(p *agent.Policy) { p.EventDriven = false })
}

func TestBareTickerWaitsForARetry(t *testing.T) {
	scheduled(t, func(_ *testing.T, w *world) {
		w.target.Script(agentapi.Prepare, agentfake.FailAfter(0, "no"), agentfake.FailAfter(0, "no"), agentfake.After(0))
		id := w.begin()
		isRetry := func(n int) func(*agent.Seed) bool {
			return func(s *agent.Seed) bool { return s.Retries == n && s.Status == agentapi.Scheduled }
		}
		w.until(id, time.Hour, isRetry(1))
		if took := w.until(id, time.Hour, isRetry(2)); took < 3*time.Minute {
			w.t.Errorf("the second retry came after %s, its wait alone is 2 minutes", took)
		}
	}, func(p *agent.Policy) { p.EventDriven = false })
}

func TestRetryIsNeverImmediate(t *testing.T) {
	scheduled(t, func(_ *testing.T, w *world) {
		w.target.Script(agentapi.Restore, agentfake.FailAfter(0, "no"), agentfake.After(0))
		id := w.begin()
		w.until(id, time.Minute, func(s *agent.Seed) bool { return s.Status == agentapi.Error })
		if took := w.until(id, 10*time.Minute, ended); took < time.Minute || took > time.Minute+2*time.Second {
			w.t.Errorf("went on and ended %s after the error, with an interval of a minute", took)
		}
		w.at(id, "Cleanup/Completed")
	})
}

func TestAgentThatSaysNothingForMinutesIsUnreachable(t *testing.T) {
	scheduled(t, func(_ *testing.T, w *world) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand(), agentfake.After(0))
		id := w.begin()
		w.until(id, time.Minute, func(s *agent.Seed) bool { return s.Stage == agentapi.Backup && s.Status == agentapi.Running })
		w.target.Break("seed-stage-state/Backup", agentfake.Hang())
		took := w.until(id, 10*time.Minute, func(s *agent.Seed) bool { return s.Status == agentapi.Error })
		if took < 5*time.Minute || took > 5*time.Minute+20*time.Second {
			w.t.Errorf("became an error after %s", took)
		}
		w.target.Mend("seed-stage-state/Backup")
		w.until(id, 10*time.Minute, ended)
		w.at(id, "Cleanup/Completed")
	})
}

func TestSeedOfAnotherNodeIsTakenUpWithinASecondOrTwo(t *testing.T) {
	scheduled(t, func(_ *testing.T, w *world) {
		other := agent.New(w.options) // makes the seed, and steps nothing
		s, err := other.StartSeed(context.Background(), agentapi.Mysqldump, "tgt1", "src1", "dba")
		if err != nil {
			w.t.Fatal(err)
		}
		if took := w.until(s.ID, time.Minute, ended); took > 2*time.Second {
			w.t.Errorf("took %s", took)
		}
	})
}

func TestCallBackEndsTheWaitForAStage(t *testing.T) {
	scheduled(t, func(_ *testing.T, w *world) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand())
		id := w.begin()
		w.until(id, time.Minute, func(s *agent.Seed) bool { return s.Stage == agentapi.Backup && s.Status == agentapi.Running })
		<-time.After(time.Minute) // of the bubble: by now the looks are rare
		w.target.Complete(agentapi.Backup)
		if err := w.AgentReported(context.Background(), "tgt1", agentapi.SeedStageState{SeedID: id}); err != nil {
			w.t.Fatal(err)
		}
		if took := w.until(id, time.Minute, func(s *agent.Seed) bool { return s.Stage != agentapi.Backup }); took > 20*time.Millisecond {
			w.t.Errorf("the next stage began %s after the call-back", took)
		}
	})
}

func TestSourceThatHearsOfTheTargetsErrorFirstIsNotTheReason(t *testing.T) {
	scheduled(t, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand())
		w.source.Script(agentapi.Backup, agentfake.Outcome{Fail: "the other end failed", Code: "peer-failed"})
		id := w.beginBy(agentapi.Xtrabackup)
		w.until(id, time.Minute, func(s *agent.Seed) bool { return !s.Engine.PeerBlamedAt.IsZero() })
		<-time.After(3 * time.Second) // of the bubble
		w.target.Fail(agentapi.Backup, "no space left on device")
		w.until(id, 5*time.Second, func(s *agent.Seed) bool { return s.Status == agentapi.Error })
		if p := w.seed(id).Problem; p.Code != agent.CodeStageFailed || p.Text != "Backup on tgt1: no space left on device" {
			t.Errorf("problem %+v", p)
		}
	})
}

func TestTargetKilledInBackupIsTheReasonAndTheRetryCompletes(t *testing.T) {
	scheduled(t, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand(), agentfake.After(0))
		w.source.Script(agentapi.Backup, agentfake.OnDemand(), agentfake.After(0))
		id := w.beginBy(agentapi.Xtrabackup)
		w.until(id, time.Minute, func(s *agent.Seed) bool { return s.Stage == agentapi.Backup && s.Status == agentapi.Running })
		w.target.Down()
		if took := w.until(id, 10*time.Minute, func(s *agent.Seed) bool { return s.Status == agentapi.Error }); took < 5*time.Minute {
			t.Errorf("given up after %s", took)
		}
		if p := w.seed(id).Problem; p.Code != agent.CodeAgentUnreachable {
			t.Errorf("problem %+v", p)
		}
		w.target.Up()
		w.until(id, 10*time.Minute, ended)
		w.at(id, "Cleanup/Completed")
		if n := w.source.DoubleStarts() + w.target.DoubleStarts(); n != 0 {
			t.Errorf("%d stages were started while they ran", n)
		}
	})
}
