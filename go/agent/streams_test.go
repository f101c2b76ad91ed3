package agent_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

// terms are those of the newest such start.
func terms(t *testing.T, a *agentfake.Agent, call string) *agentapi.SeedTerms {
	t.Helper()
	calls := a.Calls(call)
	if len(calls) == 0 {
		t.Fatalf("%s was never called", call)
	}
	return calls[len(calls)-1].Terms
}

func TestBackupByTheSourceRunsOnBothSidesWithOneSecretOfItsOwn(t *testing.T) {
	w := newWorld(t)
	id := w.beginBy(agentapi.Xtrabackup)
	w.to(id, "Backup/Running")
	if w.target.Count("backup/1/Xtrabackup/src1/3306") != 1 || w.source.Count("backup/1/Xtrabackup/tgt1/3306") != 1 {
		t.Errorf("target got %v, source got %v", w.target.Paths(), w.source.Paths())
	}
	secret := terms(t, w.target, "prepare").Secret
	if len(secret) != 64 {
		t.Errorf("secret of %d digits", len(secret))
	}
	for _, c := range []struct {
		agent      *agentfake.Agent
		call, peer string
	}{{w.target, "prepare", "src1"}, {w.source, "prepare", "tgt1"}, {w.target, "backup", "src1"}, {w.source, "backup", "tgt1"}} {
		have := terms(t, c.agent, c.call)
		want := agentapi.SeedTerms{Secret: secret, PeerHost: c.peer, DataPort: 21234, SourceMySQLPort: 3306, SourceBytes: 414026207}
		if *have != want {
			t.Errorf("%s to the peer of %s: %+v", c.call, c.peer, *have)
		}
	}
	if s := w.to(id, "Cleanup/Completed"); s.Engine.StreamKey != nil {
		t.Error("the key of a seed that has ended is still stored")
	}
	if other := w.beginBy(agentapi.Xtrabackup); other != id {
		w.to(other, "Prepare/Running")
		if terms(t, w.target, "prepare").Secret == secret {
			t.Error("two seeds have one secret")
		}
	}
}

func TestSecretStaysTheSameOverARestartOfTheServiceAndChangesWithEachPrepare(t *testing.T) {
	w := newWorld(t)
	w.source.Script(agentapi.Backup, agentfake.FailAfter(0, "tool died"), agentfake.After(0))
	w.target.Script(agentapi.Backup, agentfake.OnDemand(), agentfake.After(0))
	id := w.beginBy(agentapi.Xtrabackup)
	w.to(id, "Backup/Scheduled")
	first := terms(t, w.target, "prepare").Secret
	w.crash()
	w.to(id, "Backup/Running")
	if again := terms(t, w.source, "backup").Secret; again != first {
		t.Error("a restart of the service changed the secret between Prepare and Backup")
	}
	w.cycle(id, "Backup/Error")
	w.cycle(id, "Prepare/Scheduled")
	for _, a := range []*agentfake.Agent{w.target, w.source} {
		if a.Count("abort-seed-stage/Backup") != 1 || len(a.Running()) != 0 {
			t.Errorf("before the retry: %v, runs %v", a.Paths(), a.Running())
		}
	}
	if w.target.Receives(id) {
		t.Error("the receiving end of the first try is still open")
	}
	w.to(id, "Backup/Running")
	if second := terms(t, w.target, "backup").Secret; second == first || second != terms(t, w.source, "backup").Secret || second != terms(t, w.target, "prepare").Secret {
		t.Error("the second try has not a new secret that both sides share")
	}
	w.to(id, "Cleanup/Completed")
}

func TestSecretIsShownNowhere(t *testing.T) {
	w := newWorld(t)
	id := w.beginBy(agentapi.Xtrabackup)
	w.cycle(id, "Prepare/Running")
	sent := terms(t, w.target, "prepare").Secret
	s := w.seed(id)
	for what, text := range map[string]string{
		"history": w.history(id), "audit": w.store.AuditText(), "a printed seed": fmt.Sprintf("%+v %#v %s", s, s.Engine, s.Engine.StreamKey),
		"paths": strings.Join(append(w.target.Paths(), w.source.Paths()...), " "),
	} {
		if strings.Contains(text, sent) || strings.Contains(text, fmt.Sprintf("%x", []byte(s.Engine.StreamKey))) {
			t.Errorf("%s shows the secret: %s", what, text)
		}
	}
	if len(s.Engine.StreamKey) != 32 {
		t.Errorf("the key has %d bytes", len(s.Engine.StreamKey))
	}
}

func TestErrorOfTheSideThatFailedIsShownWhicheverIsHeardFirst(t *testing.T) {
	cut := agentfake.Outcome{Fail: "the target's end failed", Code: "peer-failed"}
	full := agentfake.Outcome{Fail: "no space left", Code: "disk-full", Hint: "make room"}
	for _, c := range []struct {
		name           string
		target, source agentfake.Outcome
		wait           func(w *world, id int64)
	}{
		{"both at once", full, cut, func(*world, int64) {}},
		{"the target later", agentfake.Outcome{Polls: 2, Fail: full.Fail, Code: full.Code, Hint: full.Hint}, cut, func(w *world, id int64) {
			w.walk(id, "Backup/Running", "Backup/Running")
			w.wantHistory(id, "the target's end failed")
		}},
		{"the source's first of all", cut, full, func(*world, int64) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.target.Script(agentapi.Backup, c.target)
			w.source.Script(agentapi.Backup, c.source)
			id := w.beginBy(agentapi.Xtrabackup)
			w.to(id, "Backup/Running")
			c.wait(w, id)
			s := w.cycle(id, "Backup/Error")
			if s.Problem.Code != "disk-full" || s.Problem.Hint != "make room" {
				t.Errorf("problem %+v", s.Problem)
			}
			w.wantHistory(id, "the target's end failed", "no space left Hint: make room")
		})
	}
}

func TestSideThatIsBlamedGetsTenSecondsToSayWhy(t *testing.T) {
	for _, silent := range []string{"runs on", "does not answer"} {
		t.Run(silent, func(t *testing.T) {
			w := newWorld(t)
			w.target.Script(agentapi.Backup, agentfake.OnDemand())
			w.source.Script(agentapi.Backup, agentfake.Outcome{Fail: "the target went away", Code: "peer-away"})
			id := w.beginBy(agentapi.Xtrabackup)
			w.to(id, "Backup/Running")
			if silent == "does not answer" {
				w.target.Down()
			}
			w.walk(id, "Backup/Running", "Backup/Running")
			w.clock.pass(11 * time.Second)
			w.crash()
			if s := w.cycle(id, "Backup/Error"); s.Problem.Code != "peer-away" {
				t.Errorf("problem %+v", s.Problem)
			}
			w.target.Up()
			w.cycle(id, "Prepare/Scheduled")
			if len(w.target.Running()) != 0 || w.target.Receives(id) {
				t.Errorf("runs on the target: %v", w.target.Running())
			}
		})
	}
}

func TestErrorThatIsOnlyKnownWhenTheRetryBeginsIsStillTheReason(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Backup, agentfake.OnDemand(), agentfake.OnDemand())
	w.source.Script(agentapi.Backup, agentfake.Outcome{Fail: "the target went away", Code: "peer-away"}, agentfake.OnDemand())
	id := w.beginBy(agentapi.Xtrabackup)
	w.to(id, "Backup/Running")
	w.cycle(id, "Backup/Running")
	w.clock.pass(11 * time.Second)
	w.cycle(id, "Backup/Error")
	w.target.Fail(agentapi.Backup, "mbstream was killed")
	if s := w.cycle(id, "Prepare/Scheduled"); s.Problem.Text != "Backup on tgt1: mbstream was killed" {
		t.Errorf("problem %+v", s.Problem)
	}
	w.wantHistory(id, "the target went away", "mbstream was killed")
}

func TestLastWordsAreHeardBeforeTheSeedIsGivenUp(t *testing.T) {
	w := newWorld(t, func(p *agent.Policy) { p.MaxRetries = 0 })
	w.target.Script(agentapi.Backup, agentfake.OnDemand())
	w.source.Script(agentapi.Backup, agentfake.Outcome{Fail: "the target went away", Code: "peer-away"})
	id := w.beginBy(agentapi.Xtrabackup)
	w.to(id, "Backup/Running")
	w.cycle(id, "Backup/Running")
	w.clock.pass(11 * time.Second)
	w.cycle(id, "Backup/Error")
	w.target.Fail(agentapi.Backup, "mbstream was killed")
	if s := w.cycle(id, "Backup/Failed"); s.Problem.Text != "Backup on tgt1: mbstream was killed" {
		t.Errorf("problem %+v", s.Problem)
	}
}

func TestTargetThatLostItsStateInBackupIsTheReason(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Backup, agentfake.OnDemand())
	w.source.Script(agentapi.Backup, agentfake.Outcome{Polls: 1, Fail: "cut", Code: "stream-cut"}, agentfake.After(0))
	id := w.beginBy(agentapi.Xtrabackup)
	w.to(id, "Backup/Running")
	w.target.Forget()
	if s := w.cycle(id, "Backup/Error"); s.Problem.Code != agent.CodeAgentForgot {
		t.Errorf("problem %+v", s.Problem)
	}
	w.target.Script(agentapi.Backup, agentfake.After(0))
	w.cycle(id, "Prepare/Scheduled")
	if len(w.source.Running()) != 0 {
		t.Errorf("runs on the source: %v", w.source.Running())
	}
	w.to(id, "Cleanup/Completed")
}

func TestTargetOfOthersGetsAPlainStream(t *testing.T) {
	w := newWorldWith(t, true, false)
	w.source.Script(agentapi.Backup, agentfake.FailAfter(0, "tool died"), agentfake.After(0))
	id := w.beginBy(agentapi.Xtrabackup)
	w.to(id, "Backup/Error")
	w.cycle(id, "Prepare/Scheduled")
	if w.target.Count("abort-seed-stage/Prepare") != 1 {
		t.Errorf("its receiving end was not ended before the retry: %v", w.target.Paths())
	}
	w.to(id, "Cleanup/Completed")
	if n := w.target.Count("backup"); n != 0 {
		t.Errorf("Backup was started %d times on a target that only receives in Prepare", n)
	}
	for _, c := range append(w.target.Calls("prepare"), w.source.Calls("")...) {
		if c.Terms != nil && c.Terms.Secret != "" {
			t.Errorf("%s carries a secret", c)
		}
	}
	if terms(t, w.target, "prepare") != nil || terms(t, w.source, "backup") == nil {
		t.Error("terms went to an agent of others, or not to ours")
	}
}

func TestSourceOfOthersIsReceivedByOurTargetInBackup(t *testing.T) {
	w := newWorldWith(t, false, true)
	id := w.beginBy(agentapi.Xtrabackup)
	w.to(id, "Cleanup/Completed")
	for _, call := range []string{"prepare", "backup"} {
		if have := terms(t, w.target, call); have == nil || have.Secret != "" || have.PeerHost != "src1" {
			t.Errorf("%s: %+v", call, have)
		}
	}
	if w.source.Count("backup") != 1 || terms(t, w.source, "backup") != nil {
		t.Errorf("source: %v", w.source.Paths())
	}
}

func TestReceivingEndIsClosedBeforePrepareIsTriedAgain(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("v2=%t", v2), func(t *testing.T) {
			w := newWorldOf(t, v2)
			w.source.Script(agentapi.Prepare, agentfake.FailAfter(1, "no snapshot"), agentfake.After(0))
			id := w.beginBy(agentapi.LVM)
			w.to(id, "Prepare/Error")
			if !w.target.Receives(id) {
				t.Fatal("the target does not receive")
			}
			w.cycle(id, "Prepare/Scheduled")
			if w.target.Receives(id) {
				t.Error("its receiving end is still open")
			}
			w.to(id, "Cleanup/Completed")
		})
	}
}

func TestProgressIsWhatTheReceivingEndCounts(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Backup, agentfake.Outcome{Polls: -1, Bytes: []int64{10, 20}, Total: 100})
	w.source.Script(agentapi.Backup, agentfake.Outcome{Polls: -1, Bytes: []int64{30, 40, 50}, Total: 200})
	id := w.beginBy(agentapi.Xtrabackup)
	w.to(id, "Backup/Running")
	s := w.walk(id, "Backup/Running", "Backup/Running")
	if p := s.Engine.Progress; p.Bytes != 20 || p.Total != 200 { // the sender knows how much it will send
		t.Errorf("progress %+v", p)
	}
	w.source.Complete(agentapi.Backup)
	w.cycle(id, "Backup/Running")
	w.target.Progress(agentapi.Backup, 90, 100)
	if p := w.cycle(id, "Backup/Running").Engine.Progress; p.Bytes != 90 || p.Total != 200 {
		t.Errorf("after the sender's end: %+v", p)
	}
}

func TestStageThatCountsSomethingElseBeginsFromZero(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Restore, agentfake.Outcome{Polls: -1, Bytes: []int64{5000}, Total: 5000})
	id := w.beginBy(agentapi.Xtrabackup)
	w.to(id, "Restore/Running")
	w.cycle(id, "Restore/Running")
	w.target.ProgressIn(agentapi.Restore, 10, 100, "log bytes")
	if p := w.cycle(id, "Restore/Running").Engine.Progress; p.Bytes != 10 || p.Total != 100 || p.Unit != "log bytes" {
		t.Errorf("progress %+v", p)
	}
}

func TestOldDataIsToldAtEachChangeAndAtTheRelease(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Prepare, agentfake.Outcome{Polls: 1, OldData: agentapi.OldDataInPlace, OldDataAt: "/var/lib/mysql"})
	w.target.Script(agentapi.Restore, agentfake.Outcome{Polls: 2, OldData: agentapi.OldDataAside, OldDataAt: "/var/lib/mysql.old"})
	id := w.beginBy(agentapi.Xtrabackup)
	w.to(id, "Restore/Running")
	s := w.cycle(id, "Restore/Running")
	if s.OldDataText() != "Old data of tgt1 is kept in /var/lib/mysql.old" {
		t.Errorf("says %q", s.OldDataText())
	}
	w.wantHistory(id, "Old data of tgt1 is in place", s.OldDataText())
	if err := w.Abort(context.Background(), id, false, "dba"); err != nil {
		t.Fatal(err)
	}
	s = w.cycle(id, "Restore/Failed")
	if s.Engine.OldData != agentapi.OldDataPutBack || s.Engine.OldDataAt != "" {
		t.Errorf("old data %q at %q", s.Engine.OldData, s.Engine.OldDataAt)
	}
	w.wantHistory(id, "Old data of tgt1 is back in place")
}
