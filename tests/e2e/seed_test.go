package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

func fill(megabytes int64) func(context.Context, *sandbox.Server) error {
	return func(ctx context.Context, s *sandbox.Server) error {
		db := s.Open("")
		defer db.Close()
		return sandbox.Fill(ctx, db, sandbox.FillOptions{Bytes: megabytes << 20, Tables: 3})
	}
}

func TestMariaDBBecomesAReplicaByGTIDUnderWritesAndLosesItsOldData(t *testing.T) {
	awkward := sandbox.Options{Passwords: sandbox.AwkwardPasswords()}
	marks := filepath.Join(t.TempDir(), "post seed")
	w := start(t, fleet.Options{
		Kind: sandbox.MariaDB, Source: awkward, Target: awkward, Fill: fill(40),
		AgentConfig: map[string]map[string]any{"custom-commands": {"post-seed-command": map[string]any{
			"cmd": []string{"sh", "-c", `echo ran >>"$0"; echo "the seed is over"`, marks}}}},
	})
	w.oldData()
	stop := w.load(sandbox.LoadOptions{Bulk: "sbtest.sbtest1"})
	id := w.seed()
	w.completed(id)
	stop()
	w.isReplica(id)
	status := w.status()
	if status["Using_Gtid"] != "Slave_Pos" || status["Master_User"] != sandbox.ReplicationUser {
		t.Errorf("the replica uses GTID %s, account %s", status["Using_Gtid"], status["Master_User"])
	}
	if n := strings.Count(read(t, marks), "ran\n"); n != 2 {
		t.Errorf("the post-seed command ran %d times, want once on each host", n)
	}
	w.hasRow(id, agentapi.Cleanup, "post-seed-command: the seed is over")
	w.nothingIsLeft(id)
	w.secretsKept(id)
}

func TestMariaDBWithoutGTIDsInItsLogBecomesAReplicaByFileAndPosition(t *testing.T) {
	w := start(t, fleet.Options{Kind: sandbox.MariaDB, Fill: fill(20)})
	// What was filled in leaves the log: no GTID has ever been given, as on a server whose log was just turned on.
	w.exec(w.source(), "RESET MASTER")
	id := w.seed()
	w.must(w.WaitStage(w.ctx, id, agentapi.Restore, agentapi.Running, seedTime), "wait for Restore")
	stop := w.load(sandbox.LoadOptions{Bulk: "sbtest.sbtest1"})
	w.completed(id)
	stop()
	w.isReplica(id)
	if status := w.status(); status["Using_Gtid"] != "No" {
		t.Errorf("the replica uses GTID %s", status["Using_Gtid"])
	}
	w.nothingIsLeft(id)
}

func TestMySQL97BecomesAReplicaByAutoPositionUnderWritesAndLosesItsOldData(t *testing.T) {
	awkward := sandbox.Options{Passwords: sandbox.AwkwardPasswords()}
	w := start(t, fleet.Options{Kind: sandbox.MySQL97, Source: awkward, Target: awkward, Fill: fill(40)})
	w.oldData()
	stop := w.load(sandbox.LoadOptions{Bulk: "sbtest.sbtest1"})
	id := w.seed()
	w.completed(id)
	stop()
	w.isReplica(id)
	status := w.status()
	if status["Auto_Position"] != "1" || status["Source_User"] != sandbox.ReplicationUser {
		t.Errorf("the replica's auto-position is %s, account %s", status["Auto_Position"], status["Source_User"])
	}
	plugins := w.rows(w.target(), "SELECT user, host, plugin FROM mysql.user WHERE user IN (?, ?)", sandbox.ReplicationUser, sandbox.TopologyUser)
	for _, account := range plugins {
		if account["plugin"] != "caching_sha2_password" {
			t.Errorf("account %v", account)
		}
	}
	if len(plugins) != 2 {
		t.Errorf("accounts %v, want two", plugins)
	}
	w.nothingIsLeft(id)
	w.secretsKept(id)
}

// hasRow looks for a sentence in the seed's history.
func (w *world) hasRow(id int64, stage agentapi.Stage, details string) {
	w.t.Helper()
	w.until("a row of the history", func() error {
		states, err := w.States(w.ctx, id)
		if err != nil {
			return err
		}
		for _, s := range states {
			if s.Stage == stage && strings.Contains(s.Details, details) {
				return nil
			}
		}
		return fmt.Errorf("no row of %s says %q", stage, details)
	})
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(raw)
}
