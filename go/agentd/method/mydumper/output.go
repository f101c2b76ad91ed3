package mydumper

import (
	"fmt"
	"strings"
	"sync"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// run runs a program to its end; an error line on its output is an error whatever its exit says. started is told its process
// ID, each sees every line.
func run(cmd *method.Cmd, started func(pid int), each func(line string)) error {
	out := &lines{each: each}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return err
	}
	started(cmd.Process.Pid)
	err := cmd.Wait()
	out.end()
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
	mu   sync.Mutex
	rest string
	each func(line string)
	bad  []string
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
		l.bad = append(l.bad, line)
	}
	if line != "" {
		l.each(line)
	}
}

// isError knows the lines in which the programs report an error, through GLib's log or its reader of options.
func isError(line string) bool {
	return strings.Contains(line, "CRITICAL **") || strings.Contains(line, "ERROR **") || strings.HasPrefix(line, "option parsing failed")
}
