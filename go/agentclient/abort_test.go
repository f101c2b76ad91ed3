package agentclient_test

import (
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

func TestAbortEndsWhatRuns(t *testing.T) {
	for _, v2 := range []bool{true, false} {
		everywhere(t, setup{v2: v2}, func(t *testing.T, w *world) {
			w.target.Script(agentapi.Backup, agentfake.OnDemand())
			w.start(t, agentapi.Prepare)
			w.state(t)
			w.start(t, agentapi.Backup)
			must(t, w.client.Abort(t.Context(), w.target.Host(), w.seed))
			if running := w.target.Running(); len(running) != 0 {
				t.Errorf("still running: %v", running)
			}
			must(t, w.client.Abort(t.Context(), w.target.Host(), w.seed)) // again: nothing runs, which is what was wanted
		})
	}
}

func TestAnAbortThatTheAgentCanNotCarryOutIsNotConfirmedUntilTheWorkEnds(t *testing.T) {
	for _, v2 := range []bool{true, false} {
		everywhere(t, setup{v2: v2}, func(t *testing.T, w *world) {
			w.target.Script(agentapi.Backup, agentfake.OnDemand())
			w.start(t, agentapi.Prepare)
			w.state(t)
			w.start(t, agentapi.Backup)
			w.target.RefuseAborts(true)
			err := w.client.Abort(t.Context(), w.target.Host(), w.seed)
			wantOp(t, err, agent.ErrStillRunning, agent.CodeAgentRefused, "Unable to abort seed")
			w.target.Complete(agentapi.Backup)
			must(t, w.client.Abort(t.Context(), w.target.Host(), w.seed))
		})
	}
}

func TestAbortIsNotSentWhereNothingCanRun(t *testing.T) {
	everywhere(t, setup{v2: true}, func(t *testing.T, w *world) {
		w.at(agentapi.ConnectSlave)
		must(t, w.client.Abort(t.Context(), w.target.Host(), w.seed))
		w.at(agentapi.Restore)
		must(t, w.client.Abort(t.Context(), w.source.Host(), w.seed))
		w.at(agentapi.Backup)
		must(t, w.client.Abort(t.Context(), w.source.Host(), w.seed))
		if n := w.source.Count("") + w.target.Count(""); n != 0 {
			t.Errorf("agents were called: %v %v", w.source.Paths(), w.target.Paths())
		}
	})
}

func TestTheReceiverOfAnAgentOfOthersIsAbortedWithTheBackup(t *testing.T) {
	everywhere(t, setup{v2: true}, func(t *testing.T, w *world) {
		w.seed.Method, w.seed.BackupSide = agentapi.Xtrabackup, agentapi.Source
		w.target.Script(agentapi.Prepare, agentfake.OnDemand())
		w.start(t, agentapi.Prepare)
		w.at(agentapi.Backup)
		must(t, w.client.Abort(t.Context(), w.target.Host(), w.seed))
		if w.target.Count("abort-seed-stage/7/Prepare") != 1 || len(w.target.Running()) != 0 {
			t.Errorf("calls %v, running %v", w.target.Paths(), w.target.Running())
		}
	})
}

func TestReleaseOnOurAgentIsOneCall(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Prepare, agentfake.OnDemand())
		w.start(t, agentapi.Prepare)
		must(t, w.release(t))
		if w.target.Holds(7) || !w.target.Released(7) || w.target.Count("cleanup") != 0 {
			t.Errorf("holds %v, calls %v", w.target.Holds(7), w.target.Paths())
		}
		for _, said := range []string{`{"Code":"OK","Message":"released","Details":null}`, `released`} {
			w.target.BreakNext("release-seed", 1, agentfake.Answer(200, "text/plain", said))
			must(t, w.release(t))
		}
	})
}

func TestReleaseOnAnAgentOfOthersAbortsCleansUpAndWaits(t *testing.T) {
	everywhere(t, setup{v2: true}, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Prepare, agentfake.OnDemand())
		w.target.Script(agentapi.Cleanup, agentfake.After(3))
		w.start(t, agentapi.Prepare)
		must(t, w.release(t))
		if w.target.Holds(7) || len(w.target.Running()) != 0 {
			t.Errorf("holds %v, running %v", w.target.Holds(7), w.target.Running())
		}
		if w.target.Count("cleanup/7/Mysqldump/Target") != 1 {
			t.Errorf("calls %v", w.target.Paths())
		}
	})
}

func TestReleaseOnAnAgentOfOthersThatFailsOrTakesTooLongIsNotConfirmed(t *testing.T) {
	everywhere(t, setup{v2: true, timeout: 300 * time.Millisecond}, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Cleanup, agentfake.FailAfter(1, "umount: target is busy"), agentfake.OnDemand())
		w.start(t, agentapi.Prepare)
		w.state(t)
		err := w.release(t)
		wantOp(t, err, nil, agent.CodeStageFailed, "umount: target is busy")
		err = w.release(t)
		wantOp(t, err, agent.ErrStillRunning, agent.CodeAgentRefused, "cleaning up goes on")
		w.target.Complete(agentapi.Cleanup)
		must(t, w.release(t))
		if n := w.target.Count("cleanup"); n != 2 {
			t.Errorf("cleanup was started %d times", n)
		}
	})
}

func TestAnAgentOfOursThatCanNotEndItsWorkInTimeSaysSo(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, w *world) {
		w.target.Break("", agentfake.RefuseWith(agentapi.APIResponse{Message: "backup of seed 7 has not ended yet", ErrorCode: "still-running"}))
		wantOp(t, w.client.Abort(t.Context(), w.target.Host(), w.at(agentapi.Backup)), agent.ErrStillRunning, "still-running", "not ended yet")
		wantOp(t, w.release(t), agent.ErrStillRunning, "still-running", "not ended yet")
	})
}
