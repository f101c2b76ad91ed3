package runner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
)

// finishedSeed is a runner with seed 7, whose Cleanup is completed.
func finishedSeed(t *testing.T, w *world) *Runner {
	t.Helper()
	r, _ := w.open(&methodtest.Method{})
	for i, stage := range []agentapi.Stage{agentapi.Prepare, agentapi.Backup, agentapi.Restore, agentapi.Cleanup} {
		start(t, r, 7, stage, int64(i+1))
		completed(t, r, 7, stage)
	}
	return r
}

func TestPostSeedCommandRunsUntilItSucceedsAndThenNoMore(t *testing.T) {
	w := newWorld(t)
	r := finishedSeed(t, w)
	command := []string{"sh", "-c", `echo x >>"$1"; test $(wc -l <"$1") = 2 && echo hello || { echo no luck >&2; exit 3; }`, "sh", filepath.Join(w.backup, "runs")}
	if _, err := r.PostSeed(context.Background(), 7, command); err == nil || !strings.Contains(err.Error(), "exit status 3: no luck") {
		t.Error("the failure is lost:", err)
	}
	for range 2 {
		if out, err := r.PostSeed(context.Background(), 7, command); out != "hello\n" || err != nil {
			t.Error(out, err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(w.backup, "runs")); err != nil || string(b) != "x\nx\n" {
		t.Errorf("runs %q %v", b, err)
	}
	if _, err := r.PostSeed(context.Background(), 9, command); !errors.Is(err, ErrUnknownSeed) {
		t.Error(err)
	}
	if out, err := r.PostSeed(context.Background(), 7, nil); out != "" || err != nil {
		t.Error("no command:", out, err)
	}
}

// waiting is a post-seed command with a family that ends when the file "go" is there.
func (w *world) waiting() []string {
	return []string{"sh", "-c", `sleep 300 & a=$!; setsid sleep 300 & b=$!; echo $$ $a $b >"$1/post.new"; echo x >>"$1/runs"; mv "$1/post.new" "$1/post"
while ! test -e "$1/go"; do sleep 0.01; done; kill $a $b; echo over`, "sh", w.backup}
}

func (w *world) postPids() []int {
	w.t.Helper()
	w.until("post")
	return w.numbers(filepath.Join(w.backup, "post"))
}

func TestPostSeedCallsAtOnceShareOneCommandThatOutlivesItsFirstCaller(t *testing.T) {
	w := newWorld(t)
	r := finishedSeed(t, w)
	gone, leave := context.WithCancel(context.Background())
	first := make(chan error, 1)
	go func() { _, err := r.PostSeed(gone, 7, w.waiting()); first <- err }()
	pids := w.postPids()
	leave()
	if err := <-first; !errors.Is(err, ErrStillRunning) {
		t.Error(err)
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if out, err := r.PostSeed(context.Background(), 7, w.waiting()); out != "over\n" || err != nil {
				t.Error(out, err)
			}
		})
	}
	if len(alive(pids)) != len(pids) {
		t.Error("the command ended with its caller")
	}
	w.touch("go")
	wg.Wait()
	if b, err := os.ReadFile(filepath.Join(w.backup, "runs")); err != nil || string(b) != "x\n" {
		t.Errorf("runs %q %v", b, err)
	}
}

func TestPostSeedCommandIsEndedWithAllItStarted(t *testing.T) {
	for name, end := range map[string]func(r *Runner) error{
		"release": func(r *Runner) error { return r.Release(context.Background(), 7) },
		"abort":   func(r *Runner) error { return r.Abort(context.Background(), 7, agentapi.Cleanup, 0) },
		"stop":    func(r *Runner) error { return r.Stop(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := finishedSeed(t, w)
			done := make(chan error, 1)
			go func() { _, err := r.PostSeed(context.Background(), 7, w.waiting()); done <- err }()
			pids := w.postPids()
			if err := end(r); err != nil {
				t.Fatal(err)
			}
			noneAlive(t, pids)
			if err := <-done; err == nil {
				t.Error("the command's end is not told")
			}
		})
	}
}

func TestAnotherSeedTakesTheHostWhileAPostSeedCommandRuns(t *testing.T) {
	w := newWorld(t)
	r := finishedSeed(t, w)
	done := make(chan error, 1)
	go func() { _, err := r.PostSeed(context.Background(), 7, w.waiting()); done <- err }()
	w.postPids()
	start(t, r, 8, agentapi.Prepare, 1)
	completed(t, r, 8, agentapi.Prepare)
	w.touch("go")
	if err := <-done; err != nil {
		t.Error(err)
	}
}
