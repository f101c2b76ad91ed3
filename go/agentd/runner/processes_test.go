package runner

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/procgroup"
)

func TestAbortEndsTheWholeFamilyOfAStage(t *testing.T) {
	w := newWorld(t)
	r, _ := w.open(&methodtest.Method{OnBackup: family})
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
	start(t, r, 7, agentapi.Backup, 2)
	pids := w.pids(7)
	if err := r.Abort(context.Background(), 7, agentapi.Backup, 1); err != nil || len(alive(pids)) != 5 {
		t.Fatalf("an abort of an older attempt ended something: %v %v", alive(pids), err)
	}
	if err := r.Abort(context.Background(), 7, agentapi.Backup, 2); err != nil {
		t.Fatal(err)
	}
	noneAlive(t, pids)
	if s := state(t, r, 7, agentapi.Backup); s.Status != agentapi.Error || s.ErrorCode != "aborted" || s.Details != "aborted" {
		t.Errorf("%+v", s)
	}
	if err := r.Abort(context.Background(), 7, agentapi.Backup, 2); err != nil {
		t.Error("second abort:", err)
	}
}

func TestAStartThatComesAfterItsAbortIsRefused(t *testing.T) {
	r, _ := newWorld(t).open(&methodtest.Method{})
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
	if err := r.Abort(context.Background(), 7, agentapi.Backup, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Start(request(7, agentapi.Backup, 2)); !errors.Is(err, ErrStale) {
		t.Errorf("%v", err)
	}
	start(t, r, 7, agentapi.Backup, 3)
	completed(t, r, 7, agentapi.Backup)
}

func TestNewerAttemptEndsTheOlderOnesFamilyFirst(t *testing.T) {
	w := newWorld(t)
	var leftAtStart atomic.Value
	var first []int
	r, _ := w.open(&methodtest.Method{OnPrepare: func(ctx context.Context, mw *method.Work) error {
		if mw.Attempt == 2 {
			leftAtStart.Store(len(alive(first)))
			return nil
		}
		return family(ctx, mw)
	}})
	start(t, r, 7, agentapi.Prepare, 1)
	first = w.pids(7)
	start(t, r, 7, agentapi.Prepare, 2)
	completed(t, r, 7, agentapi.Prepare)
	if n := leftAtStart.Load(); n != 0 {
		t.Errorf("%v processes of the older attempt were there when the newer began", n)
	}
	if s, err := r.State(7, agentapi.Prepare, 2); err != nil || s.Attempt != 2 {
		t.Errorf("%+v %v", s, err)
	}
}

func TestWhatAStageLeavesBehindIsEndedWithIt(t *testing.T) {
	w := newWorld(t)
	r, _ := w.open(&methodtest.Method{OnPrepare: func(ctx context.Context, mw *method.Work) error {
		return mw.Run.Command(ctx, nil, "sh", "-c", `(sleep 300 & echo $! >"$1"; setsid sleep 300 & echo $! >>"$1") >/dev/null 2>&1`, "sh", filepath.Join(w.backup, "left")).Run()
	}})
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
	b, err := os.ReadFile(filepath.Join(w.backup, "left"))
	if err != nil {
		t.Fatal(err)
	}
	var a, c int
	if n, err := fmt.Sscan(string(b), &a, &c); n != 2 {
		t.Fatal(string(b), err)
	}
	noneAlive(t, []int{a, c})
}

func TestCommandEndsWithItsCallersContextAndTheStageGoesOn(t *testing.T) {
	w := newWorld(t)
	r, _ := w.open(&methodtest.Method{OnPrepare: func(ctx context.Context, mw *method.Work) error {
		own, cancel := context.WithCancel(ctx)
		defer cancel()
		c := mw.Run.Command(own, nil, "sh", "-c", "sleep 300 & wait")
		if err := c.Start(); err != nil {
			return err
		}
		cancel()
		if err := c.Wait(); !errors.Is(err, context.Canceled) {
			return fmt.Errorf("wait: %w", err)
		}
		return mw.Run.Command(ctx, nil, "true").Run()
	}})
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
}

func TestStoppedAgentEndsItsStagesAndSaysSo(t *testing.T) {
	w := newWorld(t)
	m := &methodtest.Method{OnBackup: family}
	r, end := w.open(m)
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
	start(t, r, 7, agentapi.Backup, 2)
	pids := w.pids(7)
	end()
	noneAlive(t, pids)
	if _, err := r.Start(request(7, agentapi.Backup, 3)); !errors.Is(err, ErrStopped) {
		t.Errorf("start after the stop: %v", err)
	}
	r, _ = w.open(m)
	if s, err := r.State(7, agentapi.Backup, 2); err != nil || s.Status != agentapi.Error || s.Details != "agent was stopped" || s.ErrorCode != "agent-stopped" {
		t.Errorf("%+v %v", s, err)
	}
	if s, err := r.State(7, agentapi.Prepare, 1); err != nil || s.Status != agentapi.Completed {
		t.Errorf("what was completed before: %+v %v", s, err)
	}
}

// victimDir and victimWork tell the test's own program to be an agent that is killed, where, and at what.
const (
	victimDir  = "RUNNER_TEST_VICTIM_DIR"
	victimWork = "RUNNER_TEST_VICTIM_WORK"
)

// beVictim is the agent that is killed: it runs a family until its end, in Backup or in the background.
func beVictim(dir string) {
	m := &methodtest.Method{OnBackup: family}
	if os.Getenv(victimWork) == "receives" {
		m = receiver(func(ctx context.Context, w *method.Work, run method.Runner) error {
			own := *w
			own.Run = run
			return family(ctx, &own)
		})
	}
	j, err := journal.Open(filepath.Join(dir, "state"))
	if err != nil {
		panic(err)
	}
	r, err := Open(context.Background(), Options{
		Journal: j, Methods: []method.Method{m}, BackupDir: filepath.Join(dir, "backup"), Hostname: "tgt1",
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	for _, stage := range []agentapi.Stage{agentapi.Prepare, agentapi.Backup} {
		q := request(7, stage, 0)
		q.Attempt = map[agentapi.Stage]int64{agentapi.Prepare: 1, agentapi.Backup: 2}[stage]
		if _, err := r.Start(q); err != nil {
			panic(err)
		}
		for {
			s, err := r.State(7, agentapi.Prepare, 1)
			if err != nil {
				panic(err)
			}
			if s.Status == agentapi.Completed {
				break
			}
		}
	}
	fmt.Println("up")
	select {}
}

// killedVictim is the world of an agent that was killed while its family went on.
func killedVictim(t *testing.T, work string) (*world, []int) {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, state: filepath.Join(dir, "state"), backup: filepath.Join(dir, "backup"), told: &told{}}
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), victimDir+"="+dir, victimWork+"="+work)
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(line, err)
	}
	pids := w.pids(7)
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	victim.Wait()
	if len(alive(pids)) != 5 {
		t.Fatalf("the family died with the agent, the test shows nothing: %v", alive(pids))
	}
	return w, pids
}

func TestAfterKillOfTheAgentTheNextOneEndsWhatItFinds(t *testing.T) {
	w, pids := killedVictim(t, "copies")
	r, _ := w.open(&methodtest.Method{})
	noneAlive(t, pids)
	s, err := r.State(7, agentapi.Backup, 2)
	if err != nil || s.Status != agentapi.Error || s.ErrorCode != "agent-restarted" || s.Details != "agent was restarted while running attempt 2 of Backup" || s.Permanent {
		t.Errorf("%+v %v", s, err)
	}
	if s, err := r.State(7, agentapi.Prepare, 1); err != nil || s.Status != agentapi.Completed {
		t.Errorf("%+v %v", s, err)
	}
	start(t, r, 7, agentapi.Prepare, 3)
	completed(t, r, 7, agentapi.Prepare)
}

func TestHostRestartIsToldApartAndStrangersAreLeftAlone(t *testing.T) {
	w := newWorld(t)
	stranger := exec.Command("sleep", "300")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { stranger.Process.Kill(); stranger.Wait() }()
	g, err := procgroup.Of(stranger.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	g.Start--
	j, err := journal.Open(w.state)
	if err != nil {
		t.Fatal(err)
	}
	err = j.Write(&journal.Entry{SeedID: 7, Method: agentapi.Mysqldump, Side: agentapi.Target, Dir: filepath.Join(w.backup, "seed-7"), Attempt: 2, Created: time.Now(),
		Stages: map[agentapi.Stage]*journal.Stage{agentapi.Backup: {Status: agentapi.Running, Attempt: 2, Boot: "an earlier boot"}},
		Groups: []journal.Group{{Group: g, Stage: "Backup", Attempt: 2, Tool: "sleep"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.state, "seeds", "seed-8.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	j.Close()
	r, _ := w.open(&methodtest.Method{})
	s, err := r.State(7, agentapi.Backup, 2)
	if err != nil || s.ErrorCode != "host-restarted" || !strings.HasPrefix(s.Details, "host was restarted while running attempt 2") {
		t.Errorf("%+v %v", s, err)
	}
	if len(alive([]int{stranger.Process.Pid})) != 1 {
		t.Error("a process that only has a reused number was ended")
	}
	if _, err := r.State(8, agentapi.Backup, 0); !errors.Is(err, ErrUnknownSeed) {
		t.Errorf("seed of a corrupt journal file: %v", err)
	}
}
