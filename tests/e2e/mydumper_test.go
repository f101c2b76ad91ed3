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
		statements := []string{"DROP DATABASE `odd ``name``, \"it's\" a.b;-/c`"}
		if s.Kind == sandbox.MariaDB {
			statements = append(statements, "ALTER TABLE types.generated DROP COLUMN uid, DROP COLUMN addr")
		} else {
			statements = append(statements, "ALTER TABLE types.generated DROP KEY many, DROP COLUMN uid, DROP COLUMN tags",
				"ALTER TABLE shop.customers MODIFY created TIMESTAMP(6) NOT NULL DEFAULT '2020-01-01'", "DROP DATABASE `größe 日本`")
		}
		for _, statement := range statements {
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

func TestMySQL97BecomesAReplicaByMydumperUnderWritesAndLosesItsOldData(t *testing.T) {
	awkward := sandbox.Options{Passwords: sandbox.AwkwardPasswords()}
	w := start(t, fleet.Options{
		Kind: sandbox.MySQL97, Source: awkward, Target: awkward, Fill: fillForMydumper(40),
		AgentConfig: map[string]map[string]any{"mydumper": {"enabled": true}},
	})
	w.oldData()
	stop := w.load(sandbox.LoadOptions{Bulk: "sbtest.sbtest1"})
	id := w.seedBy(agentapi.Mydumper)
	w.completed(id)
	stop()
	w.isReplica(id)
	status := w.status()
	if status["Auto_Position"] != "1" {
		t.Errorf("the replica's auto-position is %s", status["Auto_Position"])
	}
	w.nothingIsLeft(id)
	w.secretsKept(id)
}
