package host

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// killedAgent leaves a service command behind, as an agent does that is killed: it runs on and its note is there.
func killedAgent(t *testing.T, state string, start bool, script string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command("sh", append([]string{"-c", script, "sh"}, args...)...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait() // how it ends is what the tests are about
		close(ended)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		<-ended
	})
	if _, err := newHost(t, Options{StateDir: state}).noteService(c.Process.Pid, start); err != nil {
		t.Fatal(err)
	}
	return c
}

// opens makes a file at the first line of a log: that it waits.
type opens struct {
	slog.Handler
	gate string
}

func (opens) Enabled(context.Context, slog.Level) bool { return true }

func (o opens) Handle(context.Context, slog.Record) error { return os.WriteFile(o.gate, nil, 0o600) }

func notes(t *testing.T, state string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(state, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestStopEndsAStartThatADeadAgentLeftRunning(t *testing.T) {
	state := t.TempDir()
	c := killedAgent(t, state, true, `trap "" TERM; while :; do sleep 0.05; done`)
	h := newHost(t, Options{StateDir: state, StopCommand: []string{"true"}})
	if err := h.StopMySQL(context.Background()); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "nothing of the command is left", func() bool { return syscall.Kill(-c.Process.Pid, 0) != nil })
	if left := notes(t, state); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestStartWaitsForWhatADeadAgentLeftRunning(t *testing.T) {
	for name, start := range map[string]bool{"start": true, "stop": false} {
		t.Run(name, func(t *testing.T) {
			state, dir := t.TempDir(), t.TempDir()
			gate, order := filepath.Join(dir, "gate"), filepath.Join(dir, "order")
			killedAgent(t, state, start, `while [ ! -e "$1" ]; do sleep 0.02; done; echo old >>"$2"`, gate, order)
			h := newHost(t, Options{StateDir: state, StartWait: 10 * time.Millisecond, StartCommand: []string{"sh", "-c", `echo new >>"$0"`, order}})
			h.log = slog.New(opens{slog.DiscardHandler, gate})
			if err := h.StartMySQL(context.Background()); err == nil {
				t.Error("there is no server that could answer")
			}
			if b, err := os.ReadFile(order); err != nil || string(b) != "old\nnew\n" {
				t.Errorf("%q %v", b, err)
			}
		})
	}
}

func TestWaitForADeadAgentsCommandEndsWithItsCaller(t *testing.T) {
	state := t.TempDir()
	killedAgent(t, state, true, "sleep 300")
	h := newHost(t, Options{StateDir: state, StartCommand: []string{"true"}})
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if err := h.StartMySQL(ctx); err == nil {
		t.Error("no error")
	}
}

func TestNotesOfCommandsThatHaveEndedAreForgotten(t *testing.T) {
	state := t.TempDir()
	c := killedAgent(t, state, true, "exit 0")
	waitUntil(t, "it has ended", func() bool { return syscall.Kill(-c.Process.Pid, 0) != nil })
	if err := os.WriteFile(filepath.Join(state, "service-1.json"), []byte(`{"Start":tr`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := newHost(t, Options{StateDir: state}).SettleMySQL(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	if left := notes(t, state); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestStartThatIsCancelledLeavesNothingRunning(t *testing.T) {
	state := t.TempDir()
	pidFile := filepath.Join(state, "pids")
	h := newHost(t, Options{StateDir: state, StartCommand: []string{"sh", "-c", `trap "" TERM; sleep 300 & echo $$ >"$0.new"; mv "$0.new" "$0"; wait; wait`, pidFile}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.StartMySQL(ctx) }()
	waitUntil(t, "the command runs", func() bool { _, err := os.Stat(pidFile); return err == nil })
	cancel()
	if err := <-done; err == nil {
		t.Error("no error")
	}
	b, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscan(string(b), &pid); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "nothing of it is left", func() bool { return syscall.Kill(-pid, 0) != nil })
	if err := os.Remove(pidFile); err != nil {
		t.Fatal(err)
	}
	if left := notes(t, state); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
