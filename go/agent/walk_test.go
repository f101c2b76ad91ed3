package agent_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

func TestSeedGoesFromPrepareToCompletedOneStepACycle(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("v2=%t", v2), func(t *testing.T) {
			w := newWorldOf(t, v2)
			id := w.begin()
			w.at(id, "Prepare/Scheduled")
			s := w.walk(id, "Prepare/Running", "Backup/Scheduled", "Backup/Running", "Restore/Scheduled", "Restore/Running",
				"ConnectSlave/Scheduled", "ConnectSlave/Running", "Cleanup/Scheduled", "Cleanup/Running", "Cleanup/Completed")
			if s.EndedAt.IsZero() || s.Outcome != "completed" || s.Problem.Text != "" {
				t.Errorf("ended %v, outcome %q, problem %q", s.EndedAt, s.Outcome, s.Problem.Text)
			}
			if w.topology.connectedAt.LogPos != 542 {
				t.Errorf("connected at %+v", w.topology.connectedAt)
			}
			if n := w.source.Count("backup"); n != 0 {
				t.Errorf("backup was started on the source %d times; the method's side is the target", n)
			}
			if d := w.store.Downtimes(); len(d) != 0 {
				t.Errorf("downtime is left: %v", d)
			}
			w.wantHistory(id, "Starting replication", "Replication runs, 0 s behind", "Seed completed")
			if n := w.source.DoubleStarts() + w.target.DoubleStarts(); n != 0 {
				t.Errorf("%d stages were started twice", n)
			}
		})
	}
}

func TestSeedHasDowntimeWhileItLives(t *testing.T) {
	w := newWorld(t)
	w.begin()
	d, ok := w.store.Downtimes()["tgt1"]
	if !ok || d.Owner != "orchestrator-agent" || d.Reason != "seed-in-process" || d.End.Sub(d.Begin) != 96*time.Hour {
		t.Errorf("downtime %+v", d)
	}
}

func TestStageWaitsForTheSlowerOfTwoAgents(t *testing.T) {
	for _, c := range []struct {
		stage agent.Stage
		at    string
	}{{agentapi.Prepare, "Prepare/Running"}, {agentapi.Cleanup, "Cleanup/Running"}} {
		for _, slow := range []string{"tgt1", "src1"} {
			t.Run(string(c.stage)+" "+slow, func(t *testing.T) {
				w := newWorld(t)
				slowAgent, quick := w.target, w.source
				if slow == "src1" {
					slowAgent, quick = quick, slowAgent
				}
				slowAgent.Script(c.stage, agentfake.OnDemand())
				id := w.begin()
				w.to(id, c.at)
				w.walk(id, c.at, c.at)
				polls := quick.Count("seed-stage-state/" + string(c.stage))
				if polls != 1 {
					t.Errorf("the agent that had completed was asked %d times", polls)
				}
				slowAgent.Complete(c.stage)
				if _, err := w.ProcessSeeds(context.Background()); err != nil {
					t.Fatal(err)
				}
				if s := w.seed(id); s.Stage == c.stage && s.Status == agentapi.Running {
					t.Errorf("still at %s", c.at)
				}
			})
		}
	}
}

func TestErrorInEachStageOnEachSideIsRetriedAndThenCompletes(t *testing.T) {
	for _, c := range []struct {
		stage agent.Stage
		host  string
		again string // where the retry goes on
	}{
		{agentapi.Prepare, "tgt1", "Prepare/Scheduled"}, {agentapi.Prepare, "src1", "Prepare/Scheduled"},
		{agentapi.Backup, "tgt1", "Prepare/Scheduled"}, {agentapi.Restore, "tgt1", "Restore/Scheduled"},
		{agentapi.Cleanup, "tgt1", "Cleanup/Scheduled"}, {agentapi.Cleanup, "src1", "Cleanup/Scheduled"},
	} {
		for _, v2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %s v2=%t", c.stage, c.host, v2), func(t *testing.T) {
				w := newWorldOf(t, v2)
				failing := w.target
				if c.host == "src1" {
					failing = w.source
				}
				failing.Script(c.stage, agentfake.FailAfter(0, "disk on fire"), agentfake.After(0))
				id := w.begin()
				s := w.to(id, string(c.stage)+"/Error")
				if s.Problem.Text == "" || s.Retries != 0 || !s.NotBefore.Equal(w.clock.Now().Add(time.Minute)) {
					t.Errorf("problem %q, retries %d, not before %v", s.Problem.Text, s.Retries, s.NotBefore)
				}
				w.wantHistory(id, "disk on fire")
				s = w.cycle(id, c.again)
				if s.Retries != 1 {
					t.Errorf("retries %d", s.Retries)
				}
				s = w.to(id, "Cleanup/Completed")
				if s.Retries != 0 {
					t.Errorf("retries %d at the end", s.Retries)
				}
			})
		}
	}
}

func TestOneRefusingAgentMakesTheStartAnErrorAndTheOtherIsAbortedBeforeTheRetry(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Prepare, agentfake.OnDemand(), agentfake.After(0))
	w.source.BreakNext("prepare", 1, agentfake.Refuse("backup directory is missing"))
	id := w.begin()
	s := w.cycle(id, "Prepare/Error")
	if s.Problem.Code != agent.CodeAgentRefused {
		t.Errorf("code %q", s.Problem.Code)
	}
	w.cycle(id, "Prepare/Scheduled")
	if w.target.Count("abort-seed-stage") != 1 {
		t.Error("the agent that still ran was not aborted before the retry")
	}
	w.to(id, "Cleanup/Completed")
}

func TestPrepareThatIsRerunForBackupKeepsTheRetries(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Backup, agentfake.FailAfter(0, "cut off"))
	id := w.begin()
	w.to(id, "Backup/Error")
	for retry := 1; retry <= 3; retry++ {
		s := w.walk(id, "Prepare/Scheduled", "Prepare/Running", "Backup/Scheduled")
		if s.Retries != retry {
			t.Fatalf("retries %d, want %d", s.Retries, retry)
		}
		w.walk(id, "Backup/Running", "Backup/Error")
	}
	s := w.cycle(id, "Backup/Failed")
	if s.Outcome != "failed" || s.EndedAt.IsZero() {
		t.Errorf("outcome %q, ended %v", s.Outcome, s.EndedAt)
	}
	if !s.Releasing() || !s.Engine.HeldUntil.IsZero() {
		t.Error("a seed that failed in Backup is to be released at once")
	}
	w.cycle(id, "Backup/Failed")
	if w.target.Count("release-seed") != 1 || w.source.Count("release-seed") != 1 || w.seed(id).Releasing() {
		t.Errorf("released %d and %d times", w.target.Count("release-seed"), w.source.Count("release-seed"))
	}
}

func TestRetryWaitsDoubleUpToTenIntervals(t *testing.T) {
	w := newWorld(t, func(p *agent.Policy) { p.MaxRetries = 6 })
	w.target.Script(agentapi.Restore, agentfake.FailAfter(0, "no"))
	id := w.begin()
	w.to(id, "Restore/Error")
	for _, minutes := range []int{1, 2, 4, 8, 10, 10} {
		s := w.at(id, "Restore/Error")
		if wait := s.NotBefore.Sub(w.clock.Now()); wait != time.Duration(minutes)*time.Minute {
			t.Errorf("retry %d waits %s, want %d minutes", s.Retries+1, wait, minutes)
		}
		w.walk(id, "Restore/Scheduled", "Restore/Running", "Restore/Error")
	}
	if s := w.seed(id); !s.NotBefore.IsZero() {
		t.Errorf("a seed whose retries are used up waits until %v", s.NotBefore)
	}
}

func TestMySQLThatDoesNotAnswerUsesUpNoRetriesForAWhile(t *testing.T) {
	w := newWorld(t, func(p *agent.Policy) { p.MaxRetries, p.Interval, p.UnreachableAfter = 1, time.Second, time.Minute })
	w.target.Script(agentapi.Restore, agentfake.Outcome{Fail: "connection refused", Code: inst.CodeUnreachable})
	id := w.begin()
	w.to(id, "Restore/Error")
	var last time.Duration
	began, tries := w.clock.Now(), 0
	for s := w.seed(id); !s.NotBefore.IsZero(); s = w.seed(id) { // zero: there are no more
		wait := s.NotBefore.Sub(w.clock.Now())
		if tries++; tries > 30 || wait < last && s.Retries == 0 && w.clock.Now().Sub(began) < time.Minute || wait < 0 {
			t.Fatalf("try %d after %s waits %s, before it was %s", tries, w.clock.Now().Sub(began), wait, last)
		}
		if s.Retries == 1 && w.clock.Now().Sub(began) < time.Minute {
			t.Fatalf("after %s a retry was used up", w.clock.Now().Sub(began))
		}
		last = wait
		w.clock.pass(wait)
		w.walk(id, "Restore/Scheduled", "Restore/Running", "Restore/Error")
	}
	if took := w.clock.Now().Sub(began); tries < 5 || took < time.Minute || took > 4*time.Minute {
		t.Errorf("%d tries in %s", tries, took)
	}
	w.cycle(id, "Restore/Failed")
}

func TestStageWhoseStartMayHaveArrivedIsEndedBeforeItIsTriedAgain(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		w := newWorldOf(t, v2)
		w.target.Script(agentapi.Backup, agentfake.OnDemand(), agentfake.After(0))
		w.target.BreakNext("backup", 1, agentfake.LoseAnswer())
		id := w.begin()
		w.to(id, "Backup/Error")
		if n := w.target.Count("backup"); n != 1 {
			t.Fatalf("v2=%t: backup has arrived %d times", v2, n)
		}
		w.cycle(id, "Prepare/Scheduled")
		if n := w.target.Count("abort-seed-stage"); n != 1 {
			t.Errorf("v2=%t: it was ended %d times", v2, n)
		}
	}
}

func TestPermanentErrorIsNotRetried(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Backup, agentfake.Outcome{Fail: "wrong version", Code: "wrong-version", Hint: "use another", Permanent: true})
	id := w.begin()
	w.to(id, "Backup/Error")
	s := w.cycle(id, "Backup/Failed")
	if s.Problem.Hint != "use another" || s.Retries != 0 {
		t.Errorf("problem %+v, retries %d", s.Problem, s.Retries)
	}
}

func TestStaleBackupAndRestoreAreAbortedAndBecomeAnError(t *testing.T) {
	for _, c := range []struct {
		stage agent.Stage
		text  string
	}{
		{agentapi.Backup, "No data copied in SeedBackupStaleFailMinutes interval (60 minutes). Aborting seed"},
		{agentapi.Restore, "No data restored in SeedBackupStaleFailMinutes interval (60 minutes). Aborting seed"},
	} {
		t.Run(string(c.stage), func(t *testing.T) {
			w := newWorld(t)
			w.target.Script(c.stage, agentfake.Outcome{Polls: -1, Bytes: []int64{10, 20, 30}, Total: 100})
			id := w.begin()
			running := string(c.stage) + "/Running"
			w.to(id, running)
			for range 5 { // three of them find more bytes
				w.clock.pass(20 * time.Minute)
				w.cycle(id, running)
			}
			w.clock.pass(10 * time.Minute)
			w.crash() // progress is in the row, not in memory
			w.cycle(id, running)
			w.clock.pass(11 * time.Minute)
			s := w.cycle(id, string(c.stage)+"/Error")
			if s.Problem.Text != c.text || s.Problem.Code != agent.CodeNoProgress {
				t.Errorf("problem %+v", s.Problem)
			}
			if w.target.Count("abort-seed-stage") != 1 {
				t.Error("the agent was not told to abort")
			}
		})
	}
}

func TestStaleIsMeasuredByDiskSpaceWhereTheAgentDoesNotCount(t *testing.T) {
	w := newWorldOf(t, true)
	w.target.Script(agentapi.Backup, agentfake.OnDemand())
	id := w.begin()
	w.to(id, "Backup/Running")
	for i := range 5 {
		w.target.Change(func(d *agentapi.Data) { d.BackupDirDiskUsed = int64(4096 + 1000*i) })
		w.clock.pass(30 * time.Minute)
		w.cycle(id, "Backup/Running")
	}
	w.clock.pass(30 * time.Minute)
	w.cycle(id, "Backup/Running")
	w.clock.pass(31 * time.Minute)
	w.cycle(id, "Backup/Error")
}

func TestUnreachableAgentKeepsItsStageRunningForFiveMinutes(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Backup, agentfake.OnDemand())
	id := w.begin()
	w.to(id, "Backup/Running")
	w.target.Down()
	s := w.cycle(id, "Backup/Running")
	since := s.Engine.Hosts[agentapi.Target].UnreachableSince
	if !since.Equal(w.clock.Now()) {
		t.Errorf("unreachable since %v", since)
	}
	w.clock.pass(4 * time.Minute)
	w.cycle(id, "Backup/Running")
	w.target.Up()
	s = w.cycle(id, "Backup/Running")
	if !s.Engine.Hosts[agentapi.Target].UnreachableSince.IsZero() {
		t.Error("back, and still shown as unreachable")
	}
	w.target.Down()
	w.cycle(id, "Backup/Running")
	w.clock.pass(5 * time.Minute)
	s = w.cycle(id, "Backup/Error")
	if s.Problem.Code != agent.CodeAgentUnreachable {
		t.Errorf("code %q", s.Problem.Code)
	}
	w.wantHistory(id, "Agent gives no proper answer", "Agent answers again")
}

func TestAgentThatForgotTheSeedMakesItAnErrorAtOnce(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("v2=%t", v2), func(t *testing.T) {
			w := newWorldOf(t, v2)
			w.target.Script(agentapi.Backup, agentfake.OnDemand(), agentfake.After(0))
			id := w.begin()
			w.to(id, "Backup/Running")
			w.target.Forget()
			s := w.cycle(id, "Backup/Error")
			if s.Problem.Code != agent.CodeAgentForgot {
				t.Errorf("code %q: %s", s.Problem.Code, s.Problem.Text)
			}
			w.to(id, "Cleanup/Completed")
		})
	}
}

func TestNonsenseFromAnAgentIsNoStateOfTheSeed(t *testing.T) {
	for name, fault := range map[string]agentfake.Fault{
		"bad JSON": agentfake.BadJSON(), "unknown word": agentfake.UnknownWord(), "HTML": agentfake.HTML(), "10 MB": agentfake.Huge(),
		"empty object": agentfake.EmptyObject(), "cut body": agentfake.CutBody(), "reset": agentfake.Reset(),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.target.Script(agentapi.Backup, agentfake.OnDemand())
			id := w.begin()
			w.to(id, "Backup/Running")
			w.target.Break("seed-stage-state", fault)
			w.walk(id, "Backup/Running", "Backup/Running")
			w.target.Mend("seed-stage-state")
			w.target.Complete(agentapi.Backup)
			w.to(id, "Cleanup/Completed")
		})
	}
}

func TestConnectSlaveRetriesAndGivesUpForGood(t *testing.T) {
	w := newWorld(t)
	id := w.begin()
	w.to(id, "ConnectSlave/Scheduled")
	w.topology.set(func(f *topology) { f.connectErr = errors.New("connection refused") })
	w.cycle(id, "ConnectSlave/Error")
	w.cycle(id, "ConnectSlave/Scheduled")
	w.topology.set(func(f *topology) { f.connectErr = nil })
	w.cycle(id, "ConnectSlave/Running")
	w.topology.set(func(f *topology) {
		f.state = &inst.ReplicaState{IOState: "No", SQLRunning: true, LastIOErrno: 1236, LastIOError: "could not find next log", LagSeconds: -1}
	})
	s := w.cycle(id, "ConnectSlave/Error")
	if !s.Problem.Permanent || s.Problem.Hint == "" {
		t.Errorf("problem %+v", s.Problem)
	}
	s = w.cycle(id, "ConnectSlave/Failed")
	if !s.Releasing() || s.Engine.HeldUntil.IsZero() {
		t.Error("hours of copying are there: the seed is to be held")
	}
}

func TestGateWaitsWhileTheLagFallsAndNoLonger(t *testing.T) {
	w := newWorld(t)
	w.topology.set(func(f *topology) { f.lag = 7200 })
	id := w.begin()
	w.to(id, "ConnectSlave/Running")
	for lag := int64(7000); lag > 3000; lag -= 1000 {
		w.topology.set(func(f *topology) { f.lag = lag })
		w.clock.pass(9 * time.Minute)
		w.crash() // what the gate remembers is in the row
		w.cycle(id, "ConnectSlave/Running")
	}
	w.clock.pass(11 * time.Minute)
	s := w.cycle(id, "ConnectSlave/Error")
	if s.Problem.Code != inst.CodeLag {
		t.Errorf("problem %+v", s.Problem)
	}
}

func TestReplicaThatCannotBeLookedAtIsNoReplicaThatFailedForFiveMinutes(t *testing.T) {
	w := newWorld(t)
	id := w.begin()
	w.to(id, "ConnectSlave/Running")
	w.topology.set(func(f *topology) { f.stateErr = errors.New("connection refused") })
	w.cycle(id, "ConnectSlave/Running")
	w.clock.pass(4 * time.Minute)
	w.cycle(id, "ConnectSlave/Running")
	w.clock.pass(time.Minute)
	w.cycle(id, "ConnectSlave/Error")
}

func TestPostSeedCommandThatFailsIsShownAndTheSeedCompletes(t *testing.T) {
	w := newWorld(t)
	for _, a := range []*agentfake.Agent{w.target, w.source} {
		a.Change(func(d *agentapi.Data) { d.AgentCommands = []string{"post-seed-command"} })
		if err := w.store.SaveHost(context.Background(), a.Host()); err != nil {
			t.Fatal(err)
		}
	}
	w.source.Break("post-seed-cmd", agentfake.Refuse("exit status 3"))
	id := w.begin()
	w.to(id, "Cleanup/Completed")
	w.wantHistory(id, "post-seed-command: hello", "post-seed-command failed")
}
