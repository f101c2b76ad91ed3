package mydumper

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// lastWords is how long a program that has reported an error may go on: mydumper 0.10 waits for ever after one in writing.
const lastWords = 2 * time.Second

// run runs a program to its end; an error line on its output is an error whatever its exit says, and ends it. started is told
// its process ID, each sees every line.
func run(ctx context.Context, r method.Runner, path string, args []string, started func(pid int), each func(line string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := r.Command(ctx, nil, path, args...)
	var end *time.Timer
	out := &lines{each: each, first: func() { end = time.AfterFunc(lastWords, cancel) }}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return err
	}
	started(cmd.Process.Pid)
	err := cmd.Wait()
	out.end()
	if end != nil {
		end.Stop()
	}
	if bad := strings.Join(out.bad, "; "); err != nil && bad != "" {
		return fmt.Errorf("%w: %s", err, bad)
	} else if err != nil {
		return err
	} else if bad != "" {
		return fmt.Errorf("it ended with success, but reported: %s", bad)
	}
	return nil
}

// lines cuts what a program says into lines and keeps the first errors.
type lines struct {
	mu    sync.Mutex
	rest  string
	each  func(line string)
	first func() // called with the first error
	bad   []string
}

const mostErrors, longestLine = 10, 64 << 10

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest += string(p)
	for {
		line, rest, found := strings.Cut(l.rest, "\n")
		if !found && len(l.rest) < longestLine {
			return len(p), nil
		}
		l.rest = rest
		l.line(line)
	}
}

func (l *lines) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line(l.rest)
	l.rest = ""
}

func (l *lines) line(line string) {
	line = strings.TrimSpace(line)
	if isError(line) && len(l.bad) < mostErrors {
		if l.bad = append(l.bad, line); len(l.bad) == 1 {
			l.first()
		}
	}
	if line != "" {
		l.each(line)
	}
}

// isError knows the lines in which the programs report an error, through GLib's log or its reader of options.
func isError(line string) bool {
	return strings.Contains(line, "CRITICAL **") || strings.Contains(line, "ERROR **") || strings.HasPrefix(line, "option parsing failed")
}
