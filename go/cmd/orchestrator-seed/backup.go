package main

import (
	"context"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/cli"
	"github.com/orchestrator-seed/orchestrator-seed/go/config"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
)

// backupBackend copies the SQLite database that the configuration names.
func backupBackend(ctx context.Context, o cli.BackupOptions) (int64, error) {
	c, _, err := config.Load(o.ConfigPath)
	if err != nil {
		return 0, err
	}
	if c.BackendDB != "sqlite3" {
		return 0, fmt.Errorf("the backend is %s on %s: back up its schema %s as any other, for example with mysqldump --single-transaction",
			c.BackendDB, c.MySQLOrchestratorHost, c.MySQLOrchestratorDatabase)
	}
	return store.BackupSQLite(ctx, c.SQLite3DataFile, o.File)
}
