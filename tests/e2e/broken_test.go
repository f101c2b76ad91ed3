package e2e

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// broken leaves the target with a server that can't start and data that are worth nothing, and an agent that was started
// after that happened.
func (w *world) broken() {
	w.t.Helper()
	w.until("the agent's note of the data directory", func() error {
		_, err := os.Stat(filepath.Join(w.Target.StateDir, "datadir-layout.json"))
		return err
	})
	server := w.Target.Server
	w.must(server.Kill(), "kill the target's MySQL")
	w.must(os.Truncate(filepath.Join(server.Datadir, "ibdata1"), 1000), "truncate ibdata1")
	if err := server.Restart(w.ctx); err == nil {
		w.t.Fatal("the target's MySQL starts on a truncated system tablespace")
	}
	w.must(w.Target.Stop(), "stop the target's agent")
	w.must(w.Target.Start(), "start the target's agent")
	w.must(w.Target.Registered(w.ctx), "wait for the target's agent")
}

func TestABrokenTargetBecomesAReplicaByXtrabackup(t *testing.T) {
	w := start(t, fleet.Options{Kind: sandbox.MariaDB, Fill: fill(20),
		AgentConfig: map[string]map[string]any{"xtrabackup": {"enabled": true}}})
	w.oldData()
	w.broken()

	w.until("a check that says what is known", func() error {
		out := w.cli("agent-seed", string(agentapi.Xtrabackup), w.Target.Host, w.Source.Host, "--check")
		if out.status != 0 || !strings.Contains(out.out, "does not run") {
			return errors.New(out.out + out.err)
		}
		return nil
	})
	w.refused(t, "agent-seed/Mysqldump/"+w.Target.Host+"/"+w.Source.Host, http.StatusInternalServerError, "mysql-answers")
	stop := w.load(sandbox.LoadOptions{Bulk: "sbtest.sbtest1"})
	id := w.seedBy(agentapi.Xtrabackup)
	s := w.completed(id)
	stop()
	w.isReplica(id)
	if s.OldData != agentapi.OldDataRemoved {
		t.Errorf("after the seed the old data is %q", s.OldData)
	}
	w.nothingIsLeft(id)
	w.nothingBesideTheData()
}

// An agent that believes its MySQL to be up is no leave to overwrite what the service can't look at.
func TestATargetThatTheServiceCannotReachIsRefusedWhileItsAgentSaysThatMySQLRuns(t *testing.T) {
	w := start(t, fleet.Options{Kind: sandbox.MariaDB, AgentConfig: map[string]map[string]any{"xtrabackup": {"enabled": true}}})
	w.exec(w.target(), "CREATE DATABASE precious", "RENAME USER '"+sandbox.TopologyUser+"'@'%' TO nobody@'%'")
	w.refused(t, "agent-seed/Xtrabackup/"+w.Target.Host+"/"+w.Source.Host, http.StatusInternalServerError, "mysql-answers")
	if _, err := os.Stat(filepath.Join(w.Target.Server.Datadir, "precious")); errors.Is(err, fs.ErrNotExist) {
		t.Error("the target lost its data")
	}
}
