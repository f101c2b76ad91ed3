package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// The target's start command hangs when MySQL is to be started on the new data. An agent that is told to end takes the command
// with it; of one that is killed the next agent knows the command, and ends it before it moves a directory.
func TestStartCommandThatHangsDoesNotOutliveItsAgentInSecret(t *testing.T) {
	dir := t.TempDir()
	held, hangs := filepath.Join(dir, "held"), filepath.Join(dir, "hangs")
	script := fmt.Sprintf(`if [ -e %s ]; then touch %s; while :; do sleep 0.05; done; fi; d=$0; exec "$d"`, held, hangs)
	o := fleet.Options{Kind: sandbox.MariaDB, Fill: fill(5), Target: sandbox.Options{Dir: filepath.Join(dir, "db")}}
	o.AgentConfig = map[string]map[string]any{"xtrabackup": {"enabled": true}, "mysql": {
		"service-start-command": []string{"/bin/sh", "-c", script, filepath.Join(dir, "db", "start")}}}
	w := start(t, o)
	w.exec(w.target(), "CREATE DATABASE old_data", "CREATE TABLE old_data.t (a INT PRIMARY KEY)")
	for name, end := range map[string]func() error{"told to end": w.Target.Stop, "killed": w.Target.Kill} {
		w.must(os.WriteFile(held, nil, 0o600), "let the start command hang")
		id := w.seedBy(agentapi.Xtrabackup)
		w.must(fleet.Until(w.ctx, seedTime, func() error { _, err := os.Stat(hangs); return err }), "wait for the start command")
		w.must(end(), "end the agent")
		if left := running(t, hangs); name == "told to end" && len(left) > 0 {
			t.Errorf("the agent was told to end and left %v", left)
		}
		_, err := client.AbortSeed(id, true).Do(w.ctx, w.Service.Client)
		w.must(err, "abort")
		w.must(errors.Join(os.Remove(held), os.Remove(hangs)), "let the next command start MySQL")
		w.must(w.Target.Start(), "start the agent")
		w.must(w.Target.Registered(w.ctx), "register again")
		w.must(fleet.Until(w.ctx, seedTime, func() error {
			var n int
			return w.target().QueryRowContext(w.ctx, "SELECT COUNT(*) FROM old_data.t").Scan(&n)
		}), "the old data is back and MySQL runs on it after the agent was "+name)
		if left := running(t, hangs); len(left) > 0 {
			t.Errorf("after an agent that was %s: %v", name, left)
		}
		w.until("the seed was released", func() error {
			s, err := w.Details(w.ctx, id)
			for _, h := range s.Hosts {
				if h.Release != "released" {
					err = errors.Join(err, fmt.Errorf("%s: %s %s", h.Hostname, h.Release, h.ReleaseError))
				}
			}
			return err
		})
	}
	w.nothingBesideTheData()
}

// running are the processes whose command line holds the text.
func running(t *testing.T, text string) []string {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range lines {
		if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), text) {
			found = append(found, strings.ReplaceAll(string(b), "\x00", " "))
		}
	}
	return found
}
