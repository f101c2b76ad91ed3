package faults

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// sourceState is what a seed must leave as it was.
type sourceState struct {
	position string            // of its binary log, in GTIDs
	tables   map[string]string // checksums
	replicas int               // sources that it replicates from
	vars     map[string]string
}

func (w *world) readSource() sourceState {
	w.t.Helper()
	s := w.f.Source.Server
	// The tables first: opened after a restart, those in memory are emptied, which is written to the binary log.
	tables := w.checksums(s)
	position := "SELECT @@GLOBAL.gtid_binlog_pos"
	if s.Kind.IsMySQL() {
		position = "SELECT @@GLOBAL.gtid_executed"
	}
	return sourceState{position: w.text(s, position), tables: tables, replicas: len(w.replication(s)), vars: w.variables(s)}
}

// rereadSource expects the source to stay as it is now; its settings must come back to what they were before the seed.
func (w *world) rereadSource() {
	w.t.Helper()
	vars := w.source.vars
	w.source = w.readSource()
	w.source.vars = vars
}

// channel is one source that a server replicates from.
type channel struct {
	runs bool // both threads
	row  map[string]string
}

// replication are all of a server's.
func (w *world) replication(s *sandbox.Server) []channel {
	w.t.Helper()
	show, io, sql := "SHOW ALL SLAVES STATUS", "Slave_IO_Running", "Slave_SQL_Running"
	if s.Kind.IsMySQL() {
		show = "SHOW SLAVE STATUS"
	}
	if s.Kind.Modern() {
		show, io, sql = "SHOW REPLICA STATUS", "Replica_IO_Running", "Replica_SQL_Running"
	}
	var all []channel
	for _, row := range w.rows(s, show) {
		all = append(all, channel{runs: row[io] == "Yes" && row[sql] == "Yes", row: row})
	}
	return all
}

// writeSource changes the source, which is then expected to stay as it is afterwards.
func (w *world) writeSource(statements ...string) {
	w.t.Helper()
	w.exec(w.f.Source.Server, statements...)
	w.rereadSource()
}

// rows are the answer of a query, by column.
func (w *world) rows(s *sandbox.Server, query string) []map[string]string {
	w.t.Helper()
	rows, err := w.db(s).QueryContext(w.ctx, query)
	w.must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	w.must(err)
	var all []map[string]string
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		w.must(rows.Scan(into...))
		one := map[string]string{}
		for i, c := range columns {
			one[c] = values[i].String
		}
		all = append(all, one)
	}
	w.must(rows.Err())
	return all
}

// checksums are the server's own of every user table.
func (w *world) checksums(s *sandbox.Server) map[string]string {
	w.t.Helper()
	sums := map[string]string{}
	for _, t := range w.rows(s, `SELECT table_schema AS s, table_name AS t FROM information_schema.tables
		WHERE table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')`) {
		name := "`" + strings.ReplaceAll(t["s"], "`", "``") + "`.`" + strings.ReplaceAll(t["t"], "`", "``") + "`"
		for _, sum := range w.rows(s, "CHECKSUM TABLE "+name) {
			sums[name] = sum["Checksum"]
		}
	}
	return sums
}

// variables are the server's global settings, but those that are its state.
func (w *world) variables(s *sandbox.Server) map[string]string {
	w.t.Helper()
	vars := map[string]string{}
	for _, v := range w.rows(s, "SHOW GLOBAL VARIABLES") {
		name := v["Variable_name"]
		if !strings.HasPrefix(name, "gtid_") && !strings.Contains(name, "timestamp") && name != "innodb_buffer_pool_load_incremental" {
			vars[name] = v["Value"]
		}
	}
	return vars
}

// different lists what two maps do not have alike.
func different(before, now map[string]string) []string {
	var found []string
	for name, value := range before {
		if other, ok := now[name]; !ok || other != value {
			found = append(found, fmt.Sprintf("%s was %q and is %q", name, value, other))
		}
	}
	for name, value := range now {
		if _, ok := before[name]; !ok {
			found = append(found, fmt.Sprintf("%s is new: %q", name, value))
		}
	}
	return found
}

// checkSource looks whether the source is what it was: data, settings, replication, sessions, locks.
func (w *world) checkSource() {
	w.t.Helper()
	now := w.readSource()
	if now.position != w.source.position {
		w.t.Errorf("the source's binary log went on from %s to %s: something was written there", w.source.position, now.position)
	}
	for _, d := range append(different(w.source.tables, now.tables), different(w.source.vars, now.vars)...) {
		w.t.Errorf("source: %s", d)
	}
	if now.replicas != w.source.replicas {
		w.t.Errorf("the source replicates from %d servers, before it was %d", now.replicas, w.source.replicas)
	}
}

// checkFree looks whether nothing holds a lock on the server: a table is made and written within 3 s.
func (w *world) checkFree(s *sandbox.Server) {
	w.t.Helper()
	conn, err := w.db(s).Conn(w.ctx)
	w.must(err)
	defer conn.Close()
	for _, statement := range []string{"SET SESSION lock_wait_timeout = 3, innodb_lock_wait_timeout = 3", "SET SESSION sql_log_bin = 0",
		"CREATE DATABASE free_to_write", "CREATE TABLE free_to_write.t (id INT)", "INSERT INTO free_to_write.t VALUES (1)", "DROP DATABASE free_to_write"} {
		if _, err := conn.ExecContext(w.ctx, statement); err != nil {
			w.t.Errorf("%s is not free: %s: %v", s.Address(), statement, err)
			return
		}
	}
}

// checkSessions looks whether no session of an agent does, or holds, anything on the server.
func (w *world) checkSessions(s *sandbox.Server) {
	w.t.Helper()
	err := fleet.Until(w.ctx, 5*time.Second, func() error {
		for _, p := range w.rows(s, "SELECT id, user, host, command, state, info FROM information_schema.processlist WHERE user LIKE 'orchestrator-agent%'") {
			if p["command"] != "Sleep" || p["info"] != "" {
				return fmt.Errorf("session on %s: %v", s.Address(), p)
			}
		}
		return nil
	})
	if err != nil {
		w.t.Error(err)
	}
}

// locked takes the global read lock of a server, or another lock by a statement, until the returned function is called.
func (w *world) locked(s *sandbox.Server, statement string) (unlock func()) {
	w.t.Helper()
	conn, err := w.db(s).Conn(w.ctx)
	w.must(err)
	_, err = conn.ExecContext(w.ctx, statement)
	w.must(err)
	done := false
	unlock = func() {
		if !done {
			done = true
			_, _ = conn.ExecContext(w.ctx, "UNLOCK TABLES") // a server that was killed has lost the lock
			_ = conn.Close()
		}
	}
	return unlock
}
