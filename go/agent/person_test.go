package agent_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

var places = []string{
	"Prepare/Scheduled", "Prepare/Running", "Backup/Scheduled", "Backup/Running", "Restore/Scheduled", "Restore/Running",
	"ConnectSlave/Scheduled", "ConnectSlave/Running", "Cleanup/Scheduled", "Cleanup/Running",
}

func TestAbortInEveryStatusIsFailedWhenTheCallReturns(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		for _, place := range places {
			t.Run(fmt.Sprintf("%s v2=%t", place, v2), func(t *testing.T) {
				w := newWorldOf(t, v2)
				id := w.begin()
				w.to(id, place)
				if err := w.Abort(context.Background(), id, false, "dba"); err != nil {
					t.Fatal(err)
				}
				stage, _, _ := strings.Cut(place, "/")
				s := w.at(id, stage+"/Failed")
				if s.Outcome != "aborted" || !s.Engine.HeldUntil.IsZero() {
					t.Errorf("outcome %q, held until %v", s.Outcome, s.Engine.HeldUntil)
				}
				w.cycle(id, stage+"/Failed")
				if s := w.seed(id); s.Releasing() {
					t.Errorf("not released: %+v %+v", s.Engine.Hosts[agentapi.Target], s.Engine.Hosts[agentapi.Source])
				}
				if stage == "ConnectSlave" && w.topology.disconnects == 0 {
					t.Error("the target was left in replication")
				}
			})
		}
	}
}

func TestAbortInErrorNeedsNoAgentThatRuns(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Backup, agentfake.FailAfter(0, "no"))
	id := w.begin()
	w.to(id, "Backup/Error")
	if err := w.Abort(context.Background(), id, false, "dba"); err != nil {
		t.Fatal(err)
	}
	w.at(id, "Backup/Failed")
}

func TestAbortWaitsForADeadAgentUntilItIsForced(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Backup, agentfake.OnDemand())
	id := w.begin()
	w.to(id, "Backup/Running")
	w.target.Down()
	if err := w.Abort(context.Background(), id, false, "dba"); err != nil {
		t.Fatal(err)
	}
	w.at(id, "Backup/Aborting")
	w.cycle(id, "Backup/Aborting")
	if err := w.Abort(context.Background(), id, true, "dba"); err != nil {
		t.Fatal(err)
	}
	s := w.at(id, "Backup/Failed")
	if s.Problem.Hint == "" {
		t.Error("no hint about the agent that did not answer")
	}
	w.cycle(id, "Backup/Failed")
	if s := w.seed(id); s.Engine.Hosts[agentapi.Source].Release != agent.ReleaseDone || s.Engine.Hosts[agentapi.Target].Release != agent.ReleasePending {
		t.Errorf("release %+v %+v", s.Engine.Hosts[agentapi.Target], s.Engine.Hosts[agentapi.Source])
	}
	w.target.Up()
	w.cycle(id, "Backup/Failed")
	if w.seed(id).Releasing() {
		t.Error("the agent is back and confirmed, and the seed still releases")
	}
}

func TestReleaseOfADeadAgentIsGivenUpAfterADay(t *testing.T) {
	w := newWorld(t)
	id := w.begin()
	w.to(id, "Backup/Running")
	w.source.Down()
	if err := w.Abort(context.Background(), id, true, "dba"); err != nil {
		t.Fatal(err)
	}
	w.cycle(id, "Backup/Failed")
	w.clock.pass(25 * time.Hour)
	s := w.cycle(id, "Backup/Failed")
	if s.Engine.Hosts[agentapi.Source].Release != agent.ReleaseGivenUp || s.Releasing() {
		t.Errorf("release %+v", s.Engine.Hosts[agentapi.Source])
	}
}

func TestAbortTwiceIsOneAbortAndAfterTheEndARefusal(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Backup, agentfake.OnDemand())
	id := w.begin()
	w.to(id, "Backup/Running")
	w.target.RefuseAborts(true)
	for range 2 {
		if err := w.Abort(context.Background(), id, false, "dba"); err != nil {
			t.Fatal(err)
		}
		w.at(id, "Backup/Aborting")
	}
	w.target.RefuseAborts(false)
	w.cycle(id, "Backup/Failed")
	if err := w.Abort(context.Background(), id, false, "dba"); !errors.Is(err, agent.ErrRefused) {
		t.Errorf("abort of a seed that has ended: %v", err)
	}
}

func TestHeldSeedGoesOnWhereItFailed(t *testing.T) {
	w := newWorld(t, func(p *agent.Policy) { p.MaxRetries = 0 })
	w.target.Script(agentapi.Restore, agentfake.FailAfter(0, "password is wrong"), agentfake.After(0))
	id := w.begin()
	w.to(id, "Restore/Error")
	w.cycle(id, "Restore/Failed")
	w.walk(id, "Restore/Failed") // held: no agent is asked to release
	if n := w.target.Count("release-seed"); n != 0 {
		t.Fatalf("a held seed was released %d times", n)
	}
	if err := w.Retry(context.Background(), id, "dba"); err != nil {
		t.Fatal(err)
	}
	s := w.at(id, "Restore/Scheduled")
	if s.Retries != 0 || !s.EndedAt.IsZero() || s.Outcome != "" {
		t.Errorf("retries %d, ended %v, outcome %q", s.Retries, s.EndedAt, s.Outcome)
	}
	if _, ok := w.store.Downtimes()["tgt1"]; !ok {
		t.Error("a seed that lives again has no downtime")
	}
	w.to(id, "Cleanup/Completed")
}

func TestHeldSeedIsReleasedWhenItsTimeIsOverOrAPersonSaysSo(t *testing.T) {
	for _, how := range []string{"time", "person", "new seed"} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t, func(p *agent.Policy) { p.MaxRetries = 0 })
			w.target.Script(agentapi.Restore, agentfake.FailAfter(0, "no"), agentfake.After(0))
			id := w.begin()
			w.to(id, "Restore/Failed")
			switch how {
			case "time":
				w.clock.pass(24*time.Hour + time.Second)
				w.cycle(id, "Restore/Failed")
			case "person":
				if err := w.ReleaseSeed(context.Background(), id, "dba"); err != nil {
					t.Fatal(err)
				}
			case "new seed":
				w.begin()
			}
			if s := w.seed(id); s.Releasing() {
				t.Fatalf("still held: %+v", s.Engine.Hosts[agentapi.Target])
			}
			if w.target.Count("release-seed") != 1 {
				t.Errorf("released %d times", w.target.Count("release-seed"))
			}
			if err := w.Retry(context.Background(), id, "dba"); !errors.Is(err, agent.ErrRefused) || !strings.Contains(err.Error(), "released") {
				t.Errorf("retry of a released seed: %v", err)
			}
		})
	}
}

func TestReleaseTakesAReplicaThatWasNeverProvenOutOfReplication(t *testing.T) {
	w := newWorld(t, func(p *agent.Policy) { p.MaxRetries = 0 })
	id := w.begin()
	w.to(id, "ConnectSlave/Running")
	w.topology.set(func(f *topology) { f.stateErr = &agent.OpError{Op: "look", Text: "no", Permanent: true} })
	w.to(id, "ConnectSlave/Failed")
	if w.topology.disconnects != 0 {
		t.Error("a held seed is to be left as it is")
	}
	if err := w.ReleaseSeed(context.Background(), id, "dba"); err != nil {
		t.Fatal(err)
	}
	if w.topology.disconnects != 1 || w.seed(id).Releasing() {
		t.Errorf("disconnected %d times, releasing %t", w.topology.disconnects, w.seed(id).Releasing())
	}
}

func TestStartIsRefusedByAFailedCheckAndByAStoreThatCannotSay(t *testing.T) {
	w := newWorld(t)
	w.checks.list = []agent.Check{{Name: "same-flavour", Result: agent.Fail, Found: "MySQL", Needed: "MariaDB", Hint: "choose another source"}}
	_, err := w.StartSeed(context.Background(), agentapi.Mysqldump, "tgt1", "src1", "dba")
	if !errors.Is(err, agent.ErrRefused) || !strings.Contains(err.Error(), "same-flavour") {
		t.Errorf("error %v", err)
	}
	w.checks.list, w.checks.err = nil, errors.New("database is away")
	if _, err = w.StartSeed(context.Background(), agentapi.Mysqldump, "tgt1", "src1", "dba"); err == nil {
		t.Error("started although the checks could not be run")
	}
	w.checks.err = nil
	if _, err = w.StartSeed(context.Background(), "Teleport", "tgt1", "src1", "dba"); !errors.Is(err, agent.ErrBadInput) {
		t.Errorf("unknown method: %v", err)
	}
}

func TestTwoStartsAtOnceForOneTargetMakeOneSeed(t *testing.T) {
	w := newWorld(t)
	errs := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := w.StartSeed(context.Background(), agentapi.Mysqldump, "tgt1", "src1", "dba")
			errs <- err
		}()
	}
	var refused int
	for range 2 {
		if err := <-errs; errors.Is(err, agent.ErrRefused) {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if refused != 1 {
		t.Errorf("%d of two were refused", refused)
	}
}

func TestCrashBetweenStartAndRecordStartsNothingTwice(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Prepare, agentfake.OnDemand())
	id := w.begin()
	w.store.FailWith(func(call string) error {
		if call == "Transition" {
			return errors.New("killed here")
		}
		return nil
	})
	if _, err := w.ProcessSeeds(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.at(id, "Prepare/Scheduled")
	w.store.FailWith(nil)
	w.crash()
	s := w.cycle(id, "Prepare/Running")
	for _, a := range []*agentfake.Agent{w.target, w.source} {
		if n := a.Starts(id, agentapi.Prepare, s.Attempt); n != 1 || a.DoubleStarts() != 0 {
			t.Errorf("started %d times, %d of them twice", n, a.DoubleStarts())
		}
	}
}

func TestWritesOfAnOldLeaderChangeNothing(t *testing.T) {
	w := newWorld(t)
	id := w.begin()
	w.store.SetTerm(7)
	w.options.Leader = leads(6)
	w.crash()
	w.cycle(id, "Prepare/Scheduled")
	w.options.Leader = leads(7)
	w.crash()
	w.cycle(id, "Prepare/Running")
}

type leads int64

func (l leads) Leading() (agent.Fence, bool) { return agent.Fence{Term: int64(l)}, true }

func TestSchedulerRunsASeedToItsEndWithinMomentsAtAnIntervalOfAMinute(t *testing.T) {
	scheduled(t, func(_ *testing.T, w *world) {
		id := w.begin()
		if took := w.until(id, time.Minute, ended); took > time.Second {
			w.t.Errorf("took %s", took)
		}
		w.at(id, "Cleanup/Completed")
	})
}

func TestAbortDoesNotWaitForACallThatHangs(t *testing.T) {
	scheduled(t, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand())
		id := w.begin()
		w.until(id, time.Minute, func(s *agent.Seed) bool { return s.Stage == agentapi.Backup && s.Status == agentapi.Running })
		w.target.Break("seed-stage-state", agentfake.Hang())
		<-time.After(3 * time.Second) // of the bubble: a poll hangs by now
		began := time.Now()
		if err := w.Abort(t.Context(), id, false, "dba"); err != nil {
			t.Fatal(err)
		}
		w.at(id, "Backup/Failed")
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("the abort took %s", took)
		}
	})
}
