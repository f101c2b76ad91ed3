package e2e

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// physical seeds a target with old data by a method that replaces its data directory, under writes, and proves the replica.
func physical(t *testing.T, method agentapi.Method, o fleet.Options) {
	t.Helper()
	awkward := sandbox.Options{Passwords: sandbox.AwkwardPasswords()}
	o.Source, o.Target = sandbox.Options{Dir: o.Source.Dir, Passwords: awkward.Passwords}, awkward
	w := start(t, o)
	w.oldData()
	stop := w.load(sandbox.LoadOptions{Bulk: "sbtest.sbtest1"})
	id := w.seedBy(method)
	s := w.completed(id)
	stop()
	w.isReplica(id)
	if s.OldData != agentapi.OldDataRemoved {
		t.Errorf("after the seed the old data is %q", s.OldData)
	}
	w.nothingIsLeft(id)
	w.nothingBesideTheData()
	w.secretsKept(id)
}

// nothingBesideTheData: no directory of a seed is left in or beside a data directory.
func (w *world) nothingBesideTheData() {
	w.t.Helper()
	for _, s := range []*sandbox.Server{w.Source.Server, w.Target.Server} {
		for _, pattern := range []string{"*seed-*", "*/*seed-*", ".*seed-*", "*/.*seed-*"} {
			found, err := filepath.Glob(filepath.Join(s.Dir, pattern))
			w.must(err, "look beside the data directory")
			for _, path := range found {
				w.t.Errorf("%s is left at %s", path, s.Address())
			}
		}
	}
}

func TestMariaDBBecomesAReplicaByXtrabackupUnderWrites(t *testing.T) {
	physical(t, agentapi.Xtrabackup, fleet.Options{Kind: sandbox.MariaDB, Fill: fill(60),
		AgentConfig: map[string]map[string]any{"xtrabackup": {"enabled": true}}})
}

func TestMySQL97BecomesAReplicaByClonePluginUnderWrites(t *testing.T) {
	physical(t, agentapi.ClonePlugin, fleet.Options{Kind: sandbox.MySQL97,
		AgentConfig: map[string]map[string]any{"clone_plugin": {"enabled": true, "install-plugin": true}},
		Fill: func(ctx context.Context, s *sandbox.Server) error {
			db := s.Open("")
			defer db.Close()
			return sandbox.Fill(ctx, db, sandbox.FillOptions{Bytes: 60 << 20, Tables: 3, InnoDBOnly: true})
		}})
}

func TestMariaDBWithoutGTIDsInItsLogBecomesAReplicaByXtrabackupByFileAndPosition(t *testing.T) {
	w := start(t, fleet.Options{Kind: sandbox.MariaDB, Fill: fill(20),
		AgentConfig: map[string]map[string]any{"xtrabackup": {"enabled": true}}})
	w.exec(w.source(), "RESET MASTER") // no GTID has ever been given, as on a server whose log was just turned on
	id := w.seedBy(agentapi.Xtrabackup)
	w.must(w.WaitStage(w.ctx, id, agentapi.Restore, agentapi.Running, seedTime), "wait for Restore")
	stop := w.load(sandbox.LoadOptions{Bulk: "sbtest.sbtest1"})
	w.completed(id)
	stop()
	w.isReplica(id)
	if status := w.status(); status["Using_Gtid"] != "No" {
		t.Errorf("the replica uses GTID %s", status["Using_Gtid"])
	}
	w.nothingIsLeft(id)
	w.nothingBesideTheData()
}
