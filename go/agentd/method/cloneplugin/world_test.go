package cloneplugin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/cloneplugin"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// agent is one side's: its server, journal and method.
type agent struct {
	*sandbox.Server
	t      testing.TB
	run    *methodtest.Run
	work   *method.Work
	method *cloneplugin.ClonePlugin
	host   *host.Host
	state  string
	opts   cloneplugin.Options
}

// world is a source and a target with an agent each.
type world struct {
	testing.TB
	source, target *agent
}

// options of a world; the zero value is two plain servers.
type options struct {
	source, target sandbox.Options
	settings       map[string]string
	noInstall      bool
	erase          bool
}

func newWorld(t testing.TB, o options) *world {
	t.Helper()
	w := &world{TB: t}
	o.source.Kind, o.target.Kind = sandbox.MySQL97, sandbox.MySQL97
	w.source, w.target = newAgent(t, o, o.source, agentapi.Source), newAgent(t, o, o.target, agentapi.Target)
	w.target.work.PeerHost, w.target.work.SourceMySQLPort = w.source.Host, w.source.Port
	w.source.work.PeerHost = w.target.Host
	return w
}

func newAgent(t testing.TB, o options, servers sandbox.Options, side agentapi.Side) *agent {
	t.Helper()
	a := &agent{t: t, Server: sandbox.StartT(t, servers), run: &methodtest.Run{}, state: t.TempDir()}
	dir := filepath.Join(t.TempDir(), "seed-1")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	a.work = &method.Work{SeedID: 1, Attempt: 1, Side: side, Dir: dir, Run: a.run}
	a.opts = cloneplugin.Options{Settings: o.settings, Install: !o.noInstall, AllowErase: o.erase, Logger: slog.New(slog.DiscardHandler)}
	a.as(a.AgentUser, a.Passwords.Agent)
	return a
}

// as makes host and method anew, as an agent with that account that was just started.
func (a *agent) as(user, password string) { a.asAt(user, password, a.Port) }

// asThrough is the same agent, which reaches its server by another port.
func (a *agent) asThrough(port int) { a.asAt(a.AgentUser, a.Passwords.Agent, port) }

func (a *agent) asAt(user, password string, port int) {
	a.t.Helper()
	a.host = host.New(host.Options{
		MySQL:     host.NewMySQL(host.MySQLOptions{User: user, Password: password, Host: a.Host, Port: port}),
		BackupDir: filepath.Dir(a.work.Dir), StatusCommand: []string{a.StatusCommand()}, StartCommand: []string{a.StartCommand()},
		StopCommand: []string{a.StopCommand()}, StartWait: time.Minute, Logger: a.opts.Logger,
	})
	a.t.Cleanup(a.host.Close)
	a.opts.Host, a.opts.Password = a.host, password
	a.opts.Keeper = datadir.New(datadir.Options{Host: a.host, StateDir: a.state, Logger: a.opts.Logger})
	a.remake()
}

func (a *agent) remake() {
	a.t.Helper()
	m, err := cloneplugin.New(a.opts)
	if err != nil {
		a.t.Fatal(err)
	}
	a.method = m
}

func (a *agent) must(stage string, f func(context.Context, *method.Work) error) {
	a.t.Helper()
	if err := f(a.t.Context(), a.work); err != nil {
		a.t.Fatalf("%s: %v\n%s", stage, err, a.run.Text())
	}
}

func (a *agent) prepare() { a.t.Helper(); a.must("prepare", a.method.Prepare) }
func (a *agent) backup()  { a.t.Helper(); a.must("backup", a.method.Backup) }
func (a *agent) restore() { a.t.Helper(); a.must("restore", a.method.Restore) }
func (a *agent) cleanup() { a.t.Helper(); a.must("cleanup", a.method.Cleanup) }
func (a *agent) release() { a.t.Helper(); a.must("release", a.method.Release) }

// exec runs statements on one connection.
func (a *agent) exec(statements ...string) {
	a.t.Helper()
	db := a.Open("")
	defer db.Close()
	conn, err := db.Conn(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	defer conn.Close()
	for _, q := range statements {
		if _, err := conn.ExecContext(a.t.Context(), q); err != nil {
			a.t.Fatalf("%s: %v", q, err)
		}
	}
}

// ask reads one value as text; "" for NULL and for no row.
func (a *agent) ask(query string, args ...any) string {
	a.t.Helper()
	db := a.Open("")
	defer db.Close()
	rows, err := db.QueryContext(a.t.Context(), query, args...)
	if err != nil {
		a.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var v *string
		if err := rows.Scan(&v); err != nil {
			a.t.Fatal(err)
		}
		if v != nil {
			all = append(all, *v)
		}
	}
	if err := rows.Err(); err != nil {
		a.t.Fatal(err)
	}
	return strings.Join(all, ",")
}

func (w *world) prepare() {
	w.Helper()
	w.source.prepare()
	w.target.prepare()
}

func (w *world) seed() {
	w.Helper()
	w.prepare()
	w.target.backup()
	w.target.restore()
}

// fill puts about that many bytes into tables of the source.
func (w *world) fill(bytes int64, tables int) {
	w.Helper()
	db := w.source.Open("")
	defer db.Close()
	if err := sandbox.Fill(w.Context(), db, sandbox.FillOptions{Bytes: bytes, Tables: tables, NoObjects: true}); err != nil {
		w.Fatal(err)
	}
}

// connect does what the service does at ConnectSlave, and waits until the replica has everything.
func (w *world) connect() {
	w.Helper()
	at, err := w.target.method.Metadata(w.Context(), w.target.work)
	if err != nil {
		w.Fatal(err)
	}
	change := fmt.Sprintf("CHANGE REPLICATION SOURCE TO SOURCE_HOST = '%s', SOURCE_PORT = %d, SOURCE_USER = '%s', SOURCE_PASSWORD = '%s', GET_SOURCE_PUBLIC_KEY = 1, ",
		w.source.Host, w.source.Port, sandbox.ReplicationUser, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(w.source.Passwords.Replication))
	w.target.exec("RESET BINARY LOGS AND GTIDS")
	if at.GtidExecuted != "" {
		w.target.exec("SET GLOBAL gtid_purged = '"+at.GtidExecuted+"'", change+"SOURCE_AUTO_POSITION = 1")
	} else {
		w.target.exec(change + fmt.Sprintf("SOURCE_LOG_FILE = '%s', SOURCE_LOG_POS = %d", at.LogFile, at.LogPos))
	}
	w.target.exec("START REPLICA")
}

// same waits for the replica and fails the test unless it holds what the source holds.
func (w *world) same() {
	w.Helper()
	a, b := w.source.Open(""), w.target.Open("")
	defer a.Close()
	defer b.Close()
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	if err := sandbox.WaitReplica(ctx, b, a); err != nil {
		w.Fatal(err)
	}
	diff, err := sandbox.Compare(ctx, a, b)
	if err != nil {
		w.Fatal(err)
	}
	for _, d := range diff {
		w.Errorf("%s", d)
	}
}

// untouched marks the target's data; the returned check says that they are its data still, that MySQL runs on them, and that
// nothing of a seed is left on either side.
func (w *world) untouched() (check func()) {
	w.Helper()
	w.target.exec("CREATE DATABASE IF NOT EXISTS old_data", "CREATE TABLE IF NOT EXISTS old_data.t (id INT PRIMARY KEY)", "REPLACE INTO old_data.t VALUES (42)")
	uuid := w.target.ask("SELECT @@server_uuid")
	before := [2]string{w.source.state97(), w.target.state97()}
	return func() {
		w.Helper()
		if got := w.target.ask("SELECT id FROM old_data.t"); got != "42" {
			w.Errorf("the old data hold %q", got)
		}
		if got := w.target.ask("SELECT @@server_uuid"); got != uuid {
			w.Errorf("server_uuid is %s, was %s", got, uuid)
		}
		if after := [2]string{w.source.state97(), w.target.state97()}; after != before {
			w.Errorf("servers were\n%q\nand are now\n%q", before, after)
		}
		w.nothingLeft()
	}
}

// state97 is what a seed changes on a server of MySQL.
func (a *agent) state97() string {
	a.t.Helper()
	return strings.Join([]string{
		a.ask("SELECT CONCAT(plugin_name, plugin_status) FROM information_schema.plugins WHERE plugin_name = 'clone'"),
		a.ask("SELECT CONCAT(variable_name, '=', variable_value) FROM performance_schema.global_variables WHERE variable_name LIKE 'clone%' OR variable_name IN ('event_scheduler', 'skip_replica_start') ORDER BY 1"),
		a.ask("SELECT CONCAT(variable_name, '=', variable_value) FROM performance_schema.persisted_variables ORDER BY 1"),
	}, " | ")
}

// nothingLeft looks for directories of a seed beside the target's data, and for clones that go on.
func (w *world) nothingLeft() {
	w.Helper()
	for _, a := range []*agent{w.source, w.target} {
		for _, dir := range []string{a.Dir, a.Datadir, a.work.Dir} {
			entries, err := os.ReadDir(dir)
			if err != nil {
				w.Fatal(err)
			}
			for _, e := range entries {
				if strings.Contains(e.Name(), "seed-") || dir == a.work.Dir {
					w.Errorf("%s was left in %s", e.Name(), dir)
				}
			}
		}
		if n := a.ask("SELECT COUNT(*) FROM performance_schema.threads WHERE processlist_command = 'clone' OR processlist_info LIKE 'CLONE INSTANCE%'"); n != "0" {
			w.Errorf("%s threads of a clone go on on %s", n, a.Address())
		}
	}
}

// failing runs a stage that must fail with that code.
func (a *agent) failing(stage string, f func(context.Context, *method.Work) error, code string) *method.StageError {
	a.t.Helper()
	err := f(a.t.Context(), a.work)
	var e *method.StageError
	if !errors.As(err, &e) || e.Code != code {
		a.t.Fatalf("%s: want %s, got %v", stage, code, err)
	}
	if e.Hint == "" {
		a.t.Errorf("%s: no hint: %v", stage, e)
	}
	for _, secret := range []string{a.Passwords.Agent, a.Passwords.Admin} {
		if strings.Contains(err.Error()+e.Hint+a.run.Text(), secret) {
			a.t.Errorf("%s: the password shows: %v", stage, err)
		}
	}
	return e
}
