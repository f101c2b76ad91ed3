package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestCommandRunsWithoutAShellAndItsOutputIsBounded(t *testing.T) {
	h := newHost(t, Options{CustomCommands: map[string][]string{
		"echo": {"echo", "$HOME", "|", "cat"}, "big": {"sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero >&2"},
		"fails": {"sh", "-c", "echo why >&2; exit 4"}, "gone": {"/nosuch/program", "secret-argument"},
	}})
	if out, err := h.CustomCommand(context.Background(), "echo"); err != nil || out != "$HOME | cat\n" {
		t.Errorf("%q %v", out, err)
	}
	out, err := h.CustomCommand(context.Background(), "big")
	if err != nil || len(out) > maxOutput+100 || !strings.HasSuffix(out, "(output is cut)\n") {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	if _, err := h.CustomCommand(context.Background(), "fails"); err == nil || err.Error() != `command "sh": exit status 4: why` {
		t.Error(err)
	}
	if _, err := h.CustomCommand(context.Background(), "gone"); err == nil || strings.Contains(err.Error(), "secret-argument") {
		t.Error(err)
	}
	if _, err := h.CustomCommand(context.Background(), "nosuch"); !errors.Is(err, ErrNoCommand) {
		t.Error(err)
	}
	if got := h.CustomCommands(); !slices.Equal(got, []string{"big", "echo", "fails", "gone"}) {
		t.Error(got)
	}
}

func TestCommandThatTakesTooLongIsEndedWithItsChildren(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pids")
	h := newHost(t, Options{CommandLimit: 300 * time.Millisecond, CustomCommands: map[string][]string{
		"hang": {"sh", "-c", `trap "" TERM; sleep 300 & echo $$ $! >"$1"; wait; wait`, "sh", pidFile},
	}})
	_, err := h.CustomCommand(context.Background(), "hang")
	if err == nil || !strings.Contains(err.Error(), "was ended after 300ms") {
		t.Fatal(err)
	}
	b, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	var shell, child int
	if n, err := fmt.Sscan(string(b), &shell, &child); n != 2 {
		t.Fatal(err)
	}
	for _, pid := range []int{shell, child} {
		waitUntil(t, "the process is gone", func() bool {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return err != nil || strings.Contains(string(stat), ") Z ") || syscall.Kill(pid, 0) != nil
		})
	}
}

func TestCommandMayLeaveAServerInTheBackground(t *testing.T) {
	began := time.Now()
	out, err := Sudo{}.run(context.Background(), time.Minute, []string{"sh", "-c", "sleep 30 & echo $!"})
	if err != nil || time.Since(began) > 20*time.Second {
		t.Fatalf("%q %v after %v", out, err, time.Since(began))
	}
	var pid int
	if _, err := fmt.Sscan(out, &pid); err != nil {
		t.Fatal(out)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error("the server was ended:", err)
	}
}

func TestSudoIsPutBeforeTheCommand(t *testing.T) {
	for _, c := range []struct {
		s    Sudo
		want string
	}{{Sudo{}, "a b"}, {Sudo{Enabled: true}, "sudo -n -- a b"}, {Sudo{true, "mysql"}, "sudo -n -u mysql -- a b"}} {
		if got := strings.Join(c.s.vector([]string{"a", "b"}), " "); got != c.want {
			t.Error(got)
		}
	}
}

func TestPostSeedCommandIsThereIfConfigured(t *testing.T) {
	if v := newHost(t, Options{}).PostSeedVector(); v != nil {
		t.Error(v)
	}
	h := newHost(t, Options{PostSeedCommand: []string{"echo", "done"}, Sudo: Sudo{Enabled: true}})
	if got := h.CustomCommands(); !slices.Equal(got, []string{"post-seed-command"}) {
		t.Errorf("the service does not learn of it: %v", got)
	}
	if got := strings.Join(h.PostSeedVector(), " "); got != "sudo -n -- echo done" {
		t.Error(got)
	}
}
