package faults

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // to look at downtime entries in the service's database, and to lock it

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// backendAway is fault 4. It is the service's business, and done with one method.
func backendAway(k *kit) []faultCase {
	backup := k.hold(agentapi.Backup)
	elsewhere := func(o *fleet.Options) {
		o.ServiceConfig["SQLite3DataFile"] = filepath.Join(filepath.Dir(o.Dir), "disk", "seed.sqlite3")
	}
	return []faultCase{
		k.held(backup, faultCase{fault: 4, what: "the disk of the service's SQLite database is full when the stage ends; space made", side: "service", end: onceEach,
			fleet: elsewhere, disk: func(o *fleet.Options) (string, int) { return filepath.Join(filepath.Dir(o.Dir), "disk"), 8 << 20 }, do: func(w *world) {
				open := backup.until(w)
				filler := w.fillUp(w.disk, 0)
				open()
				w.complains("full")
				w.must(os.Remove(filler))
				w.end()
			}}),
		k.held(backup, faultCase{fault: 4, what: "another program holds the service's SQLite database locked for 60 s", side: "service", end: onceEach, do: func(w *world) {
			open := backup.until(w)
			db, err := w.sqlite("rwc&_txlock=exclusive")
			w.must(err)
			defer db.Close()
			tx, err := db.BeginTx(w.ctx, nil)
			w.must(err)
			open()
			w.complains("locked|busy")
			w.lasts(60 * time.Second)
			w.must(tx.Rollback())
			w.end()
		}}),
		k.held(backup, faultCase{fault: 4, what: "the service's MySQL backend is away for 60 s", side: "service", end: onceEach, backend: true, do: func(w *world) {
			open := backup.until(w)
			w.must(w.backend.Kill())
			open()
			w.complains("connection refused|invalid connection|bad connection")
			w.lasts(60 * time.Second)
			w.must(w.backend.Restart(w.ctx))
			w.end()
		}}),
	}
}

// complains waits until the service's log says it.
func (w *world) complains(words string) {
	w.t.Helper()
	w.until(func() error {
		for _, word := range strings.Split(words, "|") {
			if strings.Contains(w.f.Service.Log(), word) {
				return nil
			}
		}
		return fmt.Errorf("the service's log says nothing of %q", words)
	})
}

// lasts lets a fault last so long.
func (w *world) lasts(d time.Duration) {
	w.t.Helper()
	select {
	case <-time.After(d):
	case <-w.ctx.Done():
		w.t.Fatal(w.ctx.Err())
	}
}

// startBackend starts a server for the service's own data.
func (w *world) startBackend(o *fleet.Options) {
	w.t.Helper()
	hosts := sandbox.HostsT(w.t, 1)
	w.backend = sandbox.StartT(w.t, sandbox.Options{Kind: sandbox.MariaDB, Host: hosts[0]})
	w.exec(w.backend, "CREATE DATABASE orchestrator", "CREATE USER backend@'%' IDENTIFIED BY 'backend'", "GRANT ALL ON orchestrator.* TO backend@'%'")
	for key, value := range map[string]any{"BackendDB": "mysql", "MySQLOrchestratorHost": w.backend.Host, "MySQLOrchestratorPort": w.backend.Port,
		"MySQLOrchestratorDatabase": "orchestrator", "MySQLOrchestratorUser": "backend", "MySQLOrchestratorPassword": "backend"} {
		o.ServiceConfig[key] = value
	}
}

// leftDowntime: the target has no downtime entry any more.
func (w *world) leftDowntime() error {
	const query = "SELECT COUNT(*) FROM database_instance_downtime WHERE downtime_active = 1"
	db, err := w.sqlite("ro&_busy_timeout=2000")
	if w.backend != nil {
		db, err = w.backend.Open("orchestrator"), nil
	}
	if err != nil {
		return err
	}
	defer db.Close()
	var n int
	if err := db.QueryRowContext(w.ctx, query).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("%d downtime entries", n)
	}
	return nil
}

// sqlite opens the service's database beside it.
func (w *world) sqlite(mode string) (*sql.DB, error) {
	return sql.Open("sqlite3", "file:"+w.sqliteFile+"?mode="+mode)
}
