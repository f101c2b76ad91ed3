package mydumper

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"sync"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
)

const (
	dumpProgram = "mydumper"
	loadProgram = "myloader"
)

var versionText = regexp.MustCompile(`^my(?:dumper|loader) v?(\d+\.\d+)[.\d-]*`)

// find looks for a program in PATH, of a version whose files and behaviour are known here: 0.10.
func find(ctx context.Context, name string) (string, error) {
	hint := "install mydumper 0.10 on this host and see that it is in the agent's PATH"
	path, err := exec.LookPath(name)
	if err != nil {
		return "", failed(mysqldump.CodeTool, hint, err, "find %s", name)
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return "", failed(mysqldump.CodeTool, hint, err, "run %s --version", path)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	if m := versionText.FindStringSubmatch(line); m == nil || m[1] != "0.10" {
		return "", failed(mysqldump.CodeTool, hint, nil, "%s is %q, and Mydumper knows version 0.10 only", path, line)
	}
	return path, nil
}

// run runs a program to its end; an error line on its output is an error whatever its exit says. each sees every line.
func run(cmd *method.Cmd, each func(line string)) error {
	said := &lines{each: each}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		return err
	}
	err := cmd.Wait()
	said.end()
	if bad := strings.Join(said.bad, "; "); err != nil && bad != "" {
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
	if (strings.Contains(line, "CRITICAL **") || strings.Contains(line, "ERROR **") || strings.HasPrefix(line, "option parsing failed")) && len(l.bad) < mostErrors {
		l.bad = append(l.bad, line)
	}
	if line != "" {
		l.each(line)
	}
}
