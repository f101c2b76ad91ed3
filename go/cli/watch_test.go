package cli

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client/clientfake"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

func seed(stage agentapi.Stage, status agentapi.Status) seedapi.Seed {
	return seedapi.Seed{
		SeedID: 7, TargetHostname: "db2", SourceHostname: "db1", SeedMethod: agentapi.Mysqldump, Stage: stage, Status: status,
		StartTimestamp: noon.Add(-time.Minute), ReplicaLagSeconds: -1,
	}
}

func (w *world) move(t *testing.T, s seedapi.Seed) {
	t.Helper()
	if err := w.service.Move(s); err != nil {
		t.Fatal(err)
	}
}

// start runs a command beside the test.
func (w *world) start(args ...string) <-chan int {
	ended := make(chan int, 1)
	go func() { ended <- w.run(args...) }()
	return ended
}

func (w *world) ends(t *testing.T, ended <-chan int, want int) {
	t.Helper()
	select {
	case got := <-ended:
		if got != want {
			t.Errorf("exit status %d, want %d: %s", got, want, w.err)
		}
	case <-w.ctx.Done():
		t.Fatalf("still running: %s", w.err)
	}
}

func TestWaitOutlivesARestartOfTheServiceAndItsEventStream(t *testing.T) {
	w := newWorld(t, 0)
	w.move(t, seed(agentapi.Backup, agentapi.Running))
	ended := w.start("wait", "7", "--poll", "10ms")
	w.err.await(w.ctx, t, "Backup 2/5 Running")
	w.service.CutStreams()
	w.move(t, seed(agentapi.Restore, agentapi.Running))
	w.err.await(w.ctx, t, "Restore 3/5 Running")
	w.service.Stop()
	w.err.await(w.ctx, t, "watching goes on")
	if err := w.service.Start(); err != nil {
		t.Fatal(err)
	}
	w.err.await(w.ctx, t, "the service answers again")
	w.move(t, seed(agentapi.Cleanup, agentapi.Completed))
	w.ends(t, ended, ExitOK)
	if !strings.Contains(w.out.String(), "seed 7 Completed") {
		t.Errorf("the answer is %q", w.out)
	}
}

func TestCtrlCEndsTheWatchingAndNotTheSeed(t *testing.T) {
	w := newWorld(t, 80)
	ctx, interrupt := context.WithCancel(w.ctx)
	w.ctx = ctx
	w.move(t, seed(agentapi.Backup, agentapi.Running))
	w.service.Set("POST agent-seed/Mysqldump/db2/db1", clientfake.Answer{Body: "7"})
	ended := w.start("agent-seed", "Mysqldump", "db2", "db1", "--wait", "--yes")
	w.err.await(ctx, t, "Backup 2/5")
	interrupt()
	if got := <-ended; got != ExitInterrupted {
		t.Errorf("exit status %d", got)
	}
	for _, said := range []string{"seed 7 goes on", "orchestrator-seed wait 7", "orchestrator-seed agent-abort-seed 7"} {
		if !strings.Contains(w.err.String(), said) {
			t.Errorf("%q is not said: %q", said, w.err)
		}
	}
	for _, r := range w.service.Requests() {
		if strings.Contains(r, "abort") {
			t.Errorf("the service was asked %s", r)
		}
	}
}

func TestWaitThatIsRefusedSaysSoAtOnce(t *testing.T) {
	w := newWorld(t, 0)
	w.service.User = "ann"
	if got := w.run("wait", "7"); got != ExitError {
		t.Errorf("exit status %d: %s", got, w.err)
	}
}

const losesData = `[{"Name":"target-data","Result":"warn","Found":"shop (1.2 GiB)","Needed":"","Hint":""}]`

func TestLosingDataWantsTheTargetsNameFromAPerson(t *testing.T) {
	for typed, want := range map[string]int{"db2\n": ExitOK, "db1\n": ExitRefused, "yes\n": ExitRefused, "": ExitRefused} {
		w := newWorld(t, 80)
		w.in, w.inTTY = strings.NewReader(typed), true
		w.service.Set("GET agent-seed-check/Mysqldump/db2/db1", clientfake.Answer{Body: losesData})
		w.service.Set("POST agent-seed/Mysqldump/db2/db1", clientfake.Answer{Body: "7"})
		if got := w.run("agent-seed", "Mysqldump", "db2", "db1"); got != want {
			t.Errorf("typed %q: exit status %d, want %d: %s", typed, got, want, w.err)
		}
		started := strings.Contains(strings.Join(w.service.Requests(), "\n"), "POST")
		if started != (want == ExitOK) || !strings.Contains(w.err.String(), "shop (1.2 GiB)") {
			t.Errorf("typed %q: started %v, said %q", typed, started, w.err)
		}
	}
}
