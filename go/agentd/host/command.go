package host

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	maxOutput   = 1 << 20         // bytes of stdout, and of stderr, that are kept of a command
	afterOutput = 3 * time.Second // how long a program has after SIGTERM, and what it left in the background with its output
)

// Sudo says whether and as whom commands are run through sudo.
type Sudo struct {
	Enabled bool
	User    string // "": root
}

// vector is the argument vector with sudo before it, which must not ask for a password.
func (s Sudo) vector(args []string) []string {
	if !s.Enabled {
		return args
	}
	v := []string{"sudo", "-n"}
	if s.User != "" {
		v = append(v, "-u", s.User)
	}
	return append(append(v, "--"), args...)
}

// Output runs a program that tells something, as the agent's own user, and returns its stdout.
func Output(ctx context.Context, limit time.Duration, args ...string) (string, error) {
	return Sudo{}.run(ctx, limit, args)
}

// run runs a command in a process group of its own and returns its stdout. It is killed with its group when ctx or the
// limit is over. The error names the program, never its arguments, and holds the end of stderr. A program that it leaves
// running in the background, such as a server, is left alone.
func (s Sudo) run(ctx context.Context, limit time.Duration, args []string) (string, error) {
	out, _, err := s.runBoth(ctx, limit, args)
	return out, err
}

// runBoth is run with what was written to stderr besides.
func (s Sudo) runBoth(ctx context.Context, limit time.Duration, args []string) (stdout, stderr string, err error) {
	return s.runNoted(ctx, limit, args, func(int) {})
}

// runNoted is runBoth that tells the process group, whose first process has the same number, when it has begun.
func (s Sudo) runNoted(ctx context.Context, limit time.Duration, args []string, began func(pid int)) (stdout, stderr string, err error) {
	if len(args) == 0 {
		return "", "", errors.New("no command is configured")
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	v := s.vector(args)
	c := exec.CommandContext(ctx, v[0], v[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.WaitDelay = afterOutput
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
	var out, errOut bounded
	c.Stdout, c.Stderr = &out, &errOut
	if err = c.Start(); err == nil {
		began(c.Process.Pid)
		err = c.Wait() // sends SIGKILL to the program after the delay
	}
	if ctx.Err() != nil && c.Process != nil {
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // and here to what is left of its group
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well, and left something in the background that holds its output
	}
	if err == nil {
		return out.String(), errOut.String(), nil
	}
	if cause := ctx.Err(); cause != nil {
		if errors.Is(cause, context.DeadlineExceeded) {
			cause = fmt.Errorf("was ended after %v", limit)
		}
		err = errors.Join(cause, err)
	}
	text := strings.TrimSpace(cmp.Or(errOut.String(), out.String()))
	if len(text) > 2000 {
		text = "..." + strings.ToValidUTF8(text[len(text)-2000:], "")
	}
	return out.String(), errOut.String(), fmt.Errorf("command %q: %w: %s", filepath.Base(args[0]), err, text)
}

// bounded keeps the first maxOutput bytes that are written to it.
type bounded struct {
	b   bytes.Buffer
	cut bool
}

func (w *bounded) Write(b []byte) (int, error) {
	room := maxOutput - w.b.Len()
	if len(b) > room {
		w.cut = true
		w.b.Write(b[:room])
		return len(b), nil
	}
	return w.b.Write(b)
}

func (w *bounded) String() string {
	s := strings.ToValidUTF8(w.b.String(), "?")
	if w.cut {
		s += "\n... (output is cut)\n"
	}
	return s
}
