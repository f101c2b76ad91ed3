package runner

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		beVictim(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// world is a state directory and a backup directory that outlive runners.
type world struct {
	t      *testing.T
	state  string
	backup string
	told   *told
}

// told collects what a runner notifies.
type told struct {
	mu     sync.Mutex
	states []agentapi.SeedStageState
}

func (n *told) add(s agentapi.SeedStageState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.states = append(n.states, s)
}

func (n *told) has(f func(agentapi.SeedStageState) bool) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.states {
		if f(s) {
			return true
		}
	}
	return false
}

func newWorld(t *testing.T) *world {
	return &world{t: t, state: t.TempDir(), backup: t.TempDir(), told: &told{}}
}

// open opens a runner on a journal of its own; both are closed when the test ends, or by the returned function.
func (w *world) open(m ...method.Method) (*Runner, func()) {
	w.t.Helper()
	j, err := journal.Open(w.state)
	if err != nil {
		w.t.Fatal(err)
	}
	r := w.openOn(j, m...)
	end := sync.OnceFunc(func() {
		if err := r.Stop(context.Background()); err != nil && !errors.Is(err, errDisk) {
			w.t.Error(err)
		}
		j.Close()
	})
	w.t.Cleanup(end)
	return r, end
}

func (w *world) openOn(j Journal, m ...method.Method) *Runner {
	w.t.Helper()
	r, err := Open(context.Background(), Options{
		Journal: j, Methods: m, BackupDir: w.backup, Hostname: "tgt1", Notify: w.told.add, Grace: 200 * time.Millisecond,
		FlushEvery: 5 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

var errDisk = errors.New("no space left on device")

// fullDisk is a journal whose writes fail while full is set.
type fullDisk struct {
	*journal.Journal
	full atomic.Bool
}

func (d *fullDisk) Write(e *journal.Entry) error {
	if d.full.Load() {
		return errDisk
	}
	return d.Journal.Write(e)
}

func start(t *testing.T, r *Runner, seed int64, stage agentapi.Stage, attempt int64) {
	t.Helper()
	already, err := r.Start(request(seed, stage, attempt))
	if err != nil || already {
		t.Fatalf("start %s of seed %d, attempt %d: already %v, %v", stage, seed, attempt, already, err)
	}
}

func request(seed int64, stage agentapi.Stage, attempt int64) StartRequest {
	q := StartRequest{SeedID: seed, Stage: stage, Method: agentapi.Mysqldump, Attempt: attempt}
	switch stage {
	case agentapi.Prepare, agentapi.Cleanup:
		q.Side = agentapi.Target
	case agentapi.Backup:
		q.PeerHost, q.SourceMySQLPort = "src1", 3306
	}
	return q
}

// until waits for a condition, for at most 20 s.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("in vain waited until %s", what)
		}
	}
}

// state waits until the stage does not run any more and returns its state.
func state(t *testing.T, r *Runner, seed int64, stage agentapi.Stage) agentapi.SeedStageState {
	t.Helper()
	var s agentapi.SeedStageState
	until(t, string(stage)+" has ended", func() bool {
		var err error
		s, err = r.State(seed, stage, 0)
		if err != nil {
			t.Fatal(err)
		}
		return s.Status != agentapi.Running
	})
	return s
}

func completed(t *testing.T, r *Runner, seed int64, stage agentapi.Stage) {
	t.Helper()
	if s := state(t, r, seed, stage); s.Status != agentapi.Completed || s.Details != "Stage completed" {
		t.Fatalf("%s: %s %s", stage, s.Status, s.Details)
	}
}

// family starts a shell with children, one of them in a session of its own, and waits for it; the pids are in the file
// "pids" of the seed's directory when all are up.
func family(ctx context.Context, w *method.Work) error {
	const script = `sleep 300 & echo $! >>"$1.new"
sh -c 'sleep 300 & echo $! >>"$1.new"; wait' sh "$1" &
echo $! >>"$1.new"
setsid sh -c 'echo $$ >>"$1.new"; exec sleep 300' sh "$1" &
echo $$ >>"$1.new"
while [ $(wc -l <"$1.new") -lt 5 ]; do sleep 0.01; done
mv "$1.new" "$1"
wait`
	return w.Run.Command(ctx, nil, "sh", "-c", script, "sh", filepath.Join(w.Dir, "pids")).Run()
}

// pids waits for the family of a seed.
func (w *world) pids(seed int64) []int {
	w.t.Helper()
	path := filepath.Join(w.backup, "seed-"+strconv.FormatInt(seed, 10), "pids")
	var b []byte
	until(w.t, "the family is up", func() bool {
		var err error
		b, err = os.ReadFile(path)
		return err == nil
	})
	if err := os.Remove(path); err != nil {
		w.t.Fatal(err)
	}
	var pids []int
	for _, f := range strings.Fields(string(b)) {
		pid, err := strconv.Atoi(f)
		if err != nil {
			w.t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	if len(pids) != 5 {
		w.t.Fatalf("family of %v", pids)
	}
	return pids
}

// until waits for a file in the backup directory.
func (w *world) until(name string) {
	w.t.Helper()
	until(w.t, name+" is there", func() bool {
		_, err := os.Stat(filepath.Join(w.backup, name))
		return err == nil
	})
}

// touch makes a file in the backup directory.
func (w *world) touch(name string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.backup, name), nil, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// numbers reads a file of numbers.
func (w *world) numbers(path string) (n []int) {
	w.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range strings.Fields(string(b)) {
		i, err := strconv.Atoi(f)
		if err != nil {
			w.t.Fatal(err)
		}
		n = append(n, i)
	}
	return n
}

// alive is those of the pids that are processes and no zombies.
func alive(pids []int) []int {
	var left []int
	for _, pid := range pids {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err == nil && !strings.Contains(string(b), ") Z ") && syscall.Kill(pid, 0) == nil {
			left = append(left, pid)
		}
	}
	return left
}

func noneAlive(t *testing.T, pids []int) {
	t.Helper()
	if left := alive(pids); len(left) != 0 {
		t.Fatalf("processes are left: %v of %v", left, pids)
	}
}

// hang waits for the end of its context.
func hang(ctx context.Context, _ *method.Work) error {
	<-ctx.Done()
	return ctx.Err()
}

var _ method.Method = (*methodtest.Method)(nil)
