package cloneplugin

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

const outsideHint = "move them into the data directory (ALTER TABLE ... TABLESPACE = innodb_file_per_table, or rebuild the table without DATA DIRECTORY), or use another method"

// checkDonor says why this server can't be cloned; both agents ask, each over its own connection.
func checkDonor(ctx context.Context, db *sql.DB) (*facts, error) {
	f, err := readFacts(ctx, db)
	if err != nil {
		return nil, err
	}
	if err := checkPrivileges(ctx, db, "source", append(ofDonor(), ofTarget(f.version)...)); err != nil {
		return nil, err
	}
	if !f.binlog {
		return nil, permanent(CodeServer, "turn the binary log on at the source (log_bin)", nil, "the source has no binary log, so that nothing could replicate from it")
	}
	if err := checkEngines(ctx, db); err != nil {
		return nil, err
	}
	return f, checkFiles(ctx, db, f)
}

// checkEngines names the tables whose rows a clone leaves out: it copies nothing but InnoDB.
func checkEngines(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return connectionError(err, "the source's MySQL")
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SET SESSION information_schema_stats_expiry = 0"); err != nil {
		return queryError(err, "look for tables that a clone leaves out")
	}
	tables, err := column(ctx, conn, `SELECT CONCAT(table_schema, '.', table_name, ' (', engine, ')') FROM information_schema.tables
		WHERE table_type = 'BASE TABLE' AND engine NOT IN ('InnoDB', 'BLACKHOLE', 'PERFORMANCE_SCHEMA', 'FEDERATED')
		AND table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
		AND (table_rows > 0 OR engine IN ('CSV', 'ARCHIVE') AND data_length > 0) ORDER BY table_schema, table_name`)
	if err != nil {
		return queryError(err, "look for tables that a clone leaves out")
	}
	if len(tables) > 0 {
		return permanent(CodeEngines, "ALTER TABLE ... ENGINE = InnoDB, or use another method", nil,
			"a clone has InnoDB's rows only; these tables of the source would come empty: %s", some(tables))
	}
	return nil
}

// checkFiles names tablespaces outside of the source's data directory: a clone would put them at the same path on the target,
// outside of what is kept and swapped, or fail in the middle. The system's own files (undo, ibdata) come into the clone.
func checkFiles(ctx context.Context, db *sql.DB, f *facts) error {
	files, err := column(ctx, db, "SELECT file_name FROM information_schema.files WHERE file_type = 'TABLESPACE' AND tablespace_name <> 'innodb_system' ORDER BY file_name")
	if err != nil {
		return queryError(err, "look for tablespaces outside of the data directory")
	}
	var outside []string
	for _, name := range files {
		if filepath.IsAbs(name) && !strings.HasPrefix(name, strings.TrimRight(f.datadir, "/")+"/") {
			outside = append(outside, name)
		}
	}
	if len(outside) > 0 {
		return permanent(CodeOutside, outsideHint, nil, "tablespaces of the source lie outside of its data directory: %s", some(outside))
	}
	return nil
}

// donorBytes is what a clone will take, about: the tablespaces' space on disk, and the redo log.
func donorBytes(ctx context.Context, db *sql.DB) int64 {
	var n sql.NullInt64
	if err := db.QueryRowContext(ctx, "SELECT SUM(allocated_size) FROM information_schema.innodb_tablespaces").Scan(&n); err != nil || n.Int64 == 0 {
		return 0
	}
	return n.Int64 + n.Int64/20 + 64<<20
}

// rememberDonor is the journal's key for "this server is to be cloned for this seed".
const rememberDonor = "clone-donor"

// prepareSource is Prepare on the source.
func (m *ClonePlugin) prepareSource(ctx context.Context, w *method.Work) error {
	db, err := m.local(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	f, err := checkDonor(ctx, db)
	if err != nil {
		return err
	}
	if err := w.Run.Remember(rememberDonor, true); err != nil {
		return err
	}
	if err := m.install(ctx, w, db); err != nil {
		return err
	}
	if err := m.settings.ofSource().apply(ctx, w, db); err != nil {
		return err
	}
	var patience int64
	if err := db.QueryRowContext(ctx, "SELECT @@GLOBAL.clone_donor_timeout_after_network_failure").Scan(&patience); err != nil && f.version.AtLeast(8, 0, 24) {
		return queryError(err, "read clone_donor_timeout_after_network_failure")
	}
	w.Run.Say(fmt.Sprintf("MySQL %s can be cloned: pages of %d bytes, max_allowed_packet %d, it waits %d min for a connection that broke",
		f.version.Version, f.pageSize, f.packet, patience))
	return nil
}

// donor connects to the source and checks it, and what the two servers must have in common.
func (m *ClonePlugin) donor(ctx context.Context, w *method.Work, target *facts, client string) (*sql.DB, *facts, error) {
	addr, err := donorAddress(w)
	if err != nil {
		return nil, nil, err
	}
	db, err := m.o.Host.MySQL().Open(ctx, addr)
	if err != nil {
		return nil, nil, failed(CodeConnection, "see that the source's MySQL runs and that the agent's account may log in from this host", err, "no connection to the source's MySQL")
	}
	source, err := checkDonor(ctx, db)
	if err == nil {
		err = checkPair(ctx, db, source, target, m.o.Host.MySQL().User(), client)
	}
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return db, source, nil
}

func checkPair(ctx context.Context, db *sql.DB, source, target *facts, user, client string) error {
	if source.identity == target.identity {
		return permanent(CodeSameServer, "set host and port in [mysql] of the target's agent to the target's own server", nil,
			"the target's agent is connected to the very server that is to be cloned (%s)", source.identity)
	}
	if why := apart(source, target); why != "" {
		return permanent(CodeMismatch, "make them alike, or use another method", nil, "%s", why)
	}
	if err := checkQuiet(ctx, db, target.version); err != nil {
		return err
	}
	return checkAccount(ctx, db, user, client)
}

// checkAccount sees to it that the agent can log in on the target once it is the clone: with the accounts of the source.
// Netmasks are taken for fitting.
func checkAccount(ctx context.Context, db *sql.DB, user, client string) error {
	var fitting int
	err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM mysql.user WHERE user = ? AND (? LIKE host OR host LIKE '%/%' OR ? IN ('localhost', '127.0.0.1', '::1') AND host = 'localhost')",
		user, client, client).Scan(&fitting)
	if err != nil {
		return queryError(err, "look for the agent's account on the source")
	}
	if fitting == 0 {
		return permanent(CodeAccount, "CREATE USER "+text(user)+"@"+text(client)+" on the source, with the password and grants of the agent's account", nil,
			"accounts come with the clone, and the source has none that lets the target's agent in as %s from %q", user, client)
	}
	return nil
}
