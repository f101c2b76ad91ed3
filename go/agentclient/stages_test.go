package agentclient_test

import (
	"slices"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

func TestASeedIsWalkedThroughItsStagesOnOurAgent(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Backup, agentfake.Outcome{Polls: 2, Bytes: []int64{10, 20}, Total: 40})
		for _, stage := range []agent.Stage{agentapi.Prepare, agentapi.Backup, agentapi.Restore, agentapi.Cleanup} {
			w.start(t, stage)
			must(t, w.client.Start(t.Context(), w.target.Host(), w.seed, agentapi.Target, agentapi.SeedTerms{SourceMySQLPort: 3311}))
			if n := w.target.Starts(7, stage, w.seed.Attempt); n != 1 {
				t.Errorf("%s was started %d times for one attempt", stage, n)
			}
			if stage == agentapi.Backup {
				st := w.state(t)
				if st.Status != agentapi.Running || st.Progress == nil || *st.Progress != (agentapi.Progress{Bytes: 10, Total: 40}) {
					t.Errorf("first poll of the backup: %+v", st)
				}
				w.state(t)
			}
			if st := w.state(t); st.Status != agentapi.Completed || st.Attempt != w.seed.Attempt {
				t.Errorf("%s: %+v", stage, st)
			}
		}
		want := []string{"prepare/7/Mysqldump/Target", "backup/7/Mysqldump/127.0.0.61/3311", "restore/7/Mysqldump", "cleanup/7/Mysqldump/Target"}
		var got []string
		for _, c := range w.target.Calls("") {
			if c.Name != "seed-stage-state" && !slices.Contains(got, c.Path) {
				got = append(got, c.Path)
			}
			if c.Attempt == 0 || c.TokenInQuery || !c.TokenInHeader {
				t.Errorf("%s: attempt %d, token in query %v, in header %v", c, c.Attempt, c.TokenInQuery, c.TokenInHeader)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("called %v, want %v", got, want)
		}
		m, err := w.client.Metadata(t.Context(), w.target.Host(), w.seed)
		must(t, err)
		if *m != (agentapi.Metadata{LogFile: "mysql-bin.000001", LogPos: 542, GtidExecuted: "0-11-1"}) {
			t.Errorf("metadata %+v", m)
		}
	})
}

func TestAgentsOfOthersAreAskedBeforeAStageIsStartedASecondTime(t *testing.T) {
	everywhere(t, setup{v2: true}, func(t *testing.T, w *world) {
		w.target.Script(agentapi.Backup, agentfake.OnDemand())
		w.start(t, agentapi.Prepare)
		w.state(t)
		w.start(t, agentapi.Backup)
		must(t, w.client.Start(t.Context(), w.target.Host(), w.seed, agentapi.Target, agentapi.SeedTerms{SourceMySQLPort: 3311}))
		if n := w.target.Starts(7, agentapi.Backup, 0); n != 1 || w.target.DoubleStarts() != 0 {
			t.Errorf("a running backup was started %d times", n)
		}
		w.target.Fail(agentapi.Backup, "error: command \"mysqldump\": exit status 2")
		if st := w.state(t); st.Status != agentapi.Error {
			t.Errorf("state %+v", st)
		}
		// The answer is now "Backup stage already started for seedStarted", which is an acceptance.
		must(t, w.client.Start(t.Context(), w.target.Host(), w.at(agentapi.Backup), agentapi.Target, agentapi.SeedTerms{SourceMySQLPort: 3311}))
		if n := w.target.Starts(7, agentapi.Backup, 0); n != 2 {
			t.Errorf("a failed backup was not started again: %d starts", n)
		}
		for _, c := range w.target.Calls("") {
			if c.Query.Has("attempt") || !c.TokenInQuery || !c.TokenInHeader {
				t.Errorf("%s: query %v, token in query %v, in header %v", c, c.Query, c.TokenInQuery, c.TokenInHeader)
			}
		}
	})
}

func TestTheBackupOnTheSourceNamesTheTarget(t *testing.T) {
	everywhere(t, setup{v2: true}, func(t *testing.T, w *world) {
		w.seed.Method, w.seed.BackupSide = agentapi.Xtrabackup, agentapi.Source
		must(t, w.client.Start(t.Context(), w.source.Host(), w.seed, agentapi.Source, agentapi.SeedTerms{SourceMySQLPort: 3311}))
		must(t, w.client.Start(t.Context(), w.source.Host(), w.at(agentapi.Backup), agentapi.Source, agentapi.SeedTerms{SourceMySQLPort: 3311}))
		if n := w.source.Count("backup/7/Xtrabackup/127.0.0.62/3311"); n != 1 {
			t.Errorf("calls: %v", w.source.Paths())
		}
	})
}

func TestAnAgentThatForgotTheSeedSaysSo(t *testing.T) {
	for _, v2 := range []bool{true, false} {
		everywhere(t, setup{v2: v2}, func(t *testing.T, w *world) {
			w.start(t, agentapi.Prepare)
			w.target.Forget()
			_, err := w.client.StageState(t.Context(), w.target.Host(), w.seed)
			wantOp(t, err, agent.ErrUnknownSeed, agent.CodeAgentForgot, "SeedID 7 not found")
			err = w.client.Start(t.Context(), w.target.Host(), w.at(agentapi.Backup), agentapi.Target, agentapi.SeedTerms{SourceMySQLPort: 3311})
			wantOp(t, err, agent.ErrUnknownSeed, agent.CodeAgentForgot, "Unable to start backup stage. SeedID not found")
			_, err = w.client.Metadata(t.Context(), w.target.Host(), w.seed)
			wantOp(t, err, agent.ErrUnknownSeed, agent.CodeAgentForgot, "SeedID not found")
			must(t, w.client.Abort(t.Context(), w.target.Host(), w.seed))
			must(t, w.release(t))
		})
	}
}

func TestAnAnswerAboutAnotherAttemptIsNotTakenForThisOne(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, w *world) {
		w.start(t, agentapi.Prepare)
		st := `{"SeedID":7,"Stage":"Prepare","Hostname":"x","Timestamp":"2026-11-22T16:18:20Z","Status":"Completed","Attempt":1}`
		w.target.Break("seed-stage-state", agentfake.Answer(200, "application/json", st))
		_, err := w.client.StageState(t.Context(), w.target.Host(), w.seed)
		wantOp(t, err, agent.ErrUnknownSeed, agent.CodeAgentForgot, "attempt 1, not attempt 2")
	})
}

func TestWhatTheAgentSaysOfItsErrorIsCarriedOver(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, w *world) {
		w.target.Break("prepare", agentfake.RefuseWith(agentapi.APIResponse{
			Message: "the backup directory is full", ErrorCode: "disk-full", Hint: "make room", Permanent: true}))
		err := w.client.Start(t.Context(), w.target.Host(), w.seed, agentapi.Target, agentapi.SeedTerms{SourceMySQLPort: 3311})
		op := wantOp(t, err, nil, "disk-full", "start Prepare of seed 7 on 127.0.0.62: the backup directory is full")
		if op.Hint != "make room" || !op.Permanent || op.Stage != agentapi.Prepare || op.Retryable() {
			t.Errorf("got %+v", op)
		}
		w.target.Mend("")
		w.target.Script(agentapi.Prepare, agentfake.Outcome{Fail: "no room", Code: "disk-full", Hint: "make room", Permanent: true})
		w.start(t, agentapi.Prepare)
		if st := w.state(t); st.ErrorCode != "disk-full" || st.Hint != "make room" || !st.Permanent {
			t.Errorf("got %+v", st)
		}
	})
}
