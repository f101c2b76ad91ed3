package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

func TestCommandLineTellsHowASeedEnded(t *testing.T) {
	broken, path := brokenDump(t)
	w := start(t, fleet.Options{
		Kind: sandbox.MariaDB, Fill: fill(20), TargetPath: path, ServiceConfig: map[string]any{"MaxRetriesForSeedStage": 0},
	})
	w.exec(w.target(), "CREATE DATABASE precious", "CREATE TABLE precious.t (id INT PRIMARY KEY)", "INSERT INTO precious.t VALUES (7)")
	seed := []string{"agent-seed", "Mysqldump", w.Target.Host, w.Source.Host, "--wait"}
	kept := func() {
		t.Helper()
		if rows := w.rows(w.target(), "SELECT id FROM precious.t"); len(rows) != 1 || rows[0]["id"] != "7" {
			t.Errorf("the target's old data is %v", rows)
		}
	}

	t.Run("2 when a check refuses or nobody agrees", func(t *testing.T) {
		s := w.cli("agent-seed", "Mysqldump", w.Source.Host, w.Source.Host, "--wait", "--yes")
		if s.status != 2 || !strings.Contains(s.err, "hosts-differ") {
			t.Errorf("ended with %d: %s%s", s.status, s.out, s.err)
		}
		s = w.cli("agent-seed", "Mysqldump", w.Source.Host, w.Source.Host, "--check")
		if s.status != 2 || !strings.Contains(s.out, "hosts-differ") {
			t.Errorf("ended with %d: %s%s", s.status, s.out, s.err)
		}
		s = w.cli(seed...)
		if s.status != 2 || !strings.Contains(s.err, "--yes") {
			t.Errorf("ended with %d: %s%s", s.status, s.out, s.err)
		}
		kept()
	})
	t.Run("4 when it was aborted", func(t *testing.T) { w.abortedByCLI(append(seed, "--yes")); kept() })
	t.Run("3 when it failed", func(t *testing.T) {
		w.must(os.WriteFile(broken, nil, 0o644), "break the dump")
		defer os.Remove(broken)
		s := w.cli(append(seed, "--yes", "--output", "json")...)
		var ended seedapi.Seed
		if err := json.Unmarshal([]byte(s.out), &ended); err != nil || s.status != 3 || ended.Status != agentapi.Failed ||
			ended.Stage != agentapi.Backup || !strings.Contains(ended.ErrorText, "the disk is on fire") || ended.Hint == "" {
			t.Errorf("ended with %d, %v: %s%s", s.status, err, s.out, s.err)
		}
		kept()
		w.nothingIsLeft(ended.SeedID)
	})
	t.Run("0 when it completed, and its history can be followed", func(t *testing.T) { w.followedByCLI(append(seed, "--yes")) })
	t.Run("lists", w.listsByCLI)
}

// brokenDump makes a directory with a dump program that writes half a line and fails, loudly, while the file broken exists.
func brokenDump(t *testing.T) (broken, path string) {
	path = t.TempDir()
	broken = filepath.Join(path, "broken")
	real, err := exec.LookPath("mariadb-dump")
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in *--version* | *--help*) ;; *)\n  if [ -e '%s' ]; then echo '-- half a'; echo 'the disk is on fire' >&2; exit 2; fi ;;\nesac\nexec '%s' \"$@\"\n", broken, real)
	for _, name := range []string{"mariadb-dump", "mysqldump"} {
		if err := sandbox.WriteProgram(filepath.Join(path, name), script); err != nil {
			t.Fatal(err)
		}
	}
	return broken, path
}

// abortedByCLI starts a seed that a lock on the source holds up, and aborts it.
func (w *world) abortedByCLI(seed []string) {
	w.t.Helper()
	conn, err := w.source().Conn(w.ctx)
	w.must(err, "connect")
	defer conn.Close()
	_, err = conn.ExecContext(w.ctx, "LOCK TABLES shop.customers WRITE")
	w.must(err, "lock")
	ended := make(chan said, 1)
	go func() { ended <- w.cli(seed...) }()
	var id int64
	w.until("the backup runs", func() error {
		active, err := client.ActiveSeeds(w.Target.Host).Do(w.ctx, w.Service.Client)
		if err != nil || len(active) != 1 || active[0].Stage != agentapi.Backup || active[0].Status != agentapi.Running {
			return fmt.Errorf("active seeds are %v, %w", active, err)
		}
		id = active[0].SeedID
		return nil
	})
	if n, err := w.downtimes(); n != 1 || err != nil {
		w.t.Errorf("%d downtimes while the seed runs, %v", n, err)
	}
	// What nothingIsLeft looks for is there now.
	w.until("the dump is seen at work", func() error {
		for what, err := range map[string]error{"process": w.noProcesses(w.Target, id), "files": noFiles(w.Target), "statement on the source": w.sourceIsFree()} {
			if err == nil {
				return fmt.Errorf("the running dump has no %s", what)
			}
		}
		return nil
	})
	w.cliOK("agent-abort-seed", strconv.FormatInt(id, 10))
	s := <-ended
	if s.status != 4 || !strings.Contains(s.out+s.err, "aborted") {
		w.t.Errorf("ended with %d: %s%s", s.status, s.out, s.err)
	}
	_, err = conn.ExecContext(w.ctx, "UNLOCK TABLES")
	w.must(err, "unlock")
	w.nothingIsLeft(id)
}

// followedByCLI starts a seed and follows its history beside.
func (w *world) followedByCLI(seed []string) {
	w.t.Helper()
	last, err := client.Seeds(client.SeedFilter{}).Do(w.ctx, w.Service.Client)
	w.must(err, "list the seeds")
	id := last[0].SeedID + 1
	number := strconv.FormatInt(id, 10)
	ended, followed := make(chan said, 1), make(chan said, 1)
	go func() { ended <- w.cli(seed...) }()
	w.until("the seed is there", func() error {
		_, err := w.Details(w.ctx, id)
		return err
	})
	go func() { followed <- w.cli("agent-seed-states", number, "--follow", "--output", "json") }()
	if s := <-ended; s.status != 0 || !strings.Contains(s.out, "seed "+number+" Completed in ") || !strings.Contains(s.err, "Restore 3/5 Running") {
		w.t.Errorf("ended with %d: %s%s", s.status, s.out, s.err)
	}
	s := <-followed
	var rows []seedapi.SeedStageState
	for line := range strings.Lines(s.out) {
		var row seedapi.SeedStageState
		w.must(json.Unmarshal([]byte(line), &row), "read "+line)
		rows = append(rows, row)
	}
	states, err := w.States(w.ctx, id)
	w.must(err, "read the history")
	if s.status != 0 || len(rows) == 0 || len(rows) != len(states) || rows[len(rows)-1].Details != "Seed completed" {
		w.t.Errorf("followed to %d with %d rows of %d: %s%s", s.status, len(rows), len(states), s.out, s.err)
	}
	for i := 1; i < len(rows); i++ {
		if rows[i].SeedStageID <= rows[i-1].SeedStageID {
			w.t.Errorf("row %d comes after row %d", rows[i].SeedStageID, rows[i-1].SeedStageID)
		}
	}
	w.isReplica(id)
	w.nothingIsLeft(id)
}

// listsByCLI runs after an aborted, a failed and a completed seed.
func (w *world) listsByCLI(t *testing.T) {
	table := w.cliOK("seeds")
	for _, line := range []string{`(?m)^ *3 .*Mysqldump.*Completed`, `(?m)^ *2 .*Backup.*Failed`, `(?m)^ *1 .*Failed.*aborted`} {
		if !regexp.MustCompile(line).MatchString(table) {
			t.Errorf("no line %s in\n%s", line, table)
		}
	}
	agents := w.cliOK("agents")
	for _, a := range []*fleet.Agent{w.Source, w.Target} {
		if !regexp.MustCompile(regexp.QuoteMeta(a.Host) + `.*Active`).MatchString(agents) {
			t.Errorf("no %s in\n%s", a.Host, agents)
		}
	}
	// As JSON it is exactly what the API answers.
	for command, path := range map[string]string{"seeds": "seeds", "agents": "agents", "agent-seed-details": "agent-seed-details/3"} {
		args := []string{command, "--output", "json"}
		if _, id, ok := strings.Cut(path, "/"); ok {
			args = append(args, id)
		}
		out := w.cliOK(args...)
		_, _, body, err := w.get(path)
		if err != nil || strings.TrimRight(out, "\n") != string(body) {
			t.Errorf("%v, %v: the command line says %s, the API %s", args, err, out, body)
		}
	}
	if out := w.cliOK("agent-seed-details", "3", "--output", "yaml"); !strings.Contains(out, "Status: Completed") {
		t.Errorf("as YAML: %s", out)
	}
	if s := w.cli("agent-seed-details", "77"); s.status != 1 || !strings.Contains(s.err, "There is no seed 77.") {
		t.Errorf("an unknown seed: %d, %s%s", s.status, s.out, s.err)
	}
	var failed []seedapi.Seed
	if err := json.Unmarshal([]byte(w.cliOK("agents-failed-seeds", "--output", "json")), &failed); err != nil || len(failed) != 2 {
		t.Error(errors.Join(err, fmt.Errorf("%d failed seeds, want 2", len(failed))))
	}
}
