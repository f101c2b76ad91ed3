package e2e

import (
	"context"
	"errors"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// fillForMydumper is fill without what mydumper 0.10 can't carry, and Backup refuses (docs/methods/mydumper.md).
func fillForMydumper(megabytes int64) func(context.Context, *sandbox.Server) error {
	return func(ctx context.Context, s *sandbox.Server) error {
		err := fill(megabytes)(ctx, s)
		db := s.Open("")
		defer db.Close()
		for _, statement := range []string{
			"DROP DATABASE `odd ``name``, \"it's\" a.b;-/c`",
			"ALTER TABLE types.generated DROP COLUMN uid, DROP COLUMN addr",
		} {
			_, e := db.ExecContext(ctx, statement)
			err = errors.Join(err, e)
		}
		return err
	}
}

func TestMariaDBBecomesAReplicaByMydumperUnderWritesAndLosesItsOldData(t *testing.T) {
	awkward := sandbox.Options{Passwords: sandbox.AwkwardPasswords()}
	w := start(t, fleet.Options{
		Kind: sandbox.MariaDB, Source: awkward, Target: awkward, Fill: fillForMydumper(40),
		AgentConfig: map[string]map[string]any{"mydumper": {"enabled": true}},
	})
	w.oldData()
	stop := w.load(sandbox.LoadOptions{Bulk: "sbtest.sbtest1"})
	id := w.seedBy(agentapi.Mydumper)
	w.completed(id)
	stop()
	w.isReplica(id)
	status := w.status()
	if status["Using_Gtid"] != "Slave_Pos" {
		t.Errorf("the replica uses GTID %s", status["Using_Gtid"])
	}
	w.nothingIsLeft(id)
	w.secretsKept(id)
}
