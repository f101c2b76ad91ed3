package contract

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// ServersOptions say what servers NewServers starts.
type ServersOptions struct {
	// Kind of both servers.
	Kind sandbox.Kind
	// Options of both besides; Kind and Host are set.
	Options sandbox.Options
	// Source changes the source's options; nil: they are the target's.
	Source func(o *sandbox.Options)
	// Fill is the source's data; the zero value is some objects of every kind and little else.
	Fill sandbox.FillOptions
	// Extra is Box.Extra of both boxes.
	Extra map[string]string
}

// Servers is a World of two real servers, which are controlled by their own commands as a service manager would. The agents
// use the agent's account.
type Servers struct {
	SourceServer, TargetServer *sandbox.Server

	o       ServersOptions
	port    int
	old     int
	schemas []string            // of the target at the last Reset
	beside  map[string][]string // names by directory at the last Reset
}

var _ World = (*Servers)(nil)

// NewServers starts the servers and fills the source; PATH gets the client programs that fit them.
func NewServers(t *testing.T, o ServersOptions) *Servers {
	t.Helper()
	o.Options.Kind = o.Kind
	source := o.Options
	if o.Source != nil {
		o.Source(&source)
	}
	w := &Servers{o: o, SourceServer: sandbox.StartT(t, source), TargetServer: sandbox.StartT(t, o.Options)}
	bin, err := sandbox.Bin(o.Kind)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	if w.port, err = sandbox.FreePort(w.TargetServer.Host); err != nil {
		t.Fatal(err)
	}
	db := w.SourceServer.Open("")
	defer db.Close()
	if err := sandbox.Fill(t.Context(), db, o.Fill); err != nil {
		t.Fatal(err)
	}
	err = w.exec(t.Context(), w.SourceServer, "CREATE DATABASE contract", "CREATE TABLE contract.probe (a INT PRIMARY KEY) COMMENT = 'probe'", "INSERT INTO contract.probe VALUES (1)")
	if err == nil { // counters in memory become what is written in the files
		err = errors.Join(w.SourceServer.Stop(t.Context()), w.SourceServer.Restart(t.Context()))
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Box implements World.
func (w *Servers) Box(side agentapi.Side) Box {
	s := w.server(side)
	return Box{
		Host: s.Host, DataPort: w.port, Service: s.Dir, Extra: w.o.Extra,
		MySQL:        host.MySQLOptions{User: s.AgentUser, Password: s.Passwords.Agent, Host: s.Host, Port: s.Port},
		StartCommand: []string{s.StartCommand()}, StopCommand: []string{s.StopCommand()}, StatusCommand: []string{s.StatusCommand()},
	}
}

func (w *Servers) server(side agentapi.Side) *sandbox.Server {
	if side == agentapi.Source {
		return w.SourceServer
	}
	return w.TargetServer
}

// Reset implements World.
func (w *Servers) Reset(ctx context.Context) (err error) {
	if err := w.TargetServer.Restart(ctx); err != nil && !w.answers(ctx) { // a test may have left it down
		return err
	}
	w.old++
	err = w.exec(ctx, w.TargetServer, "DROP DATABASE IF EXISTS old_data", "CREATE DATABASE old_data", "CREATE TABLE old_data.t (a INT PRIMARY KEY)",
		fmt.Sprintf("INSERT INTO old_data.t VALUES (%d)", w.old))
	if err != nil {
		return err
	}
	if w.schemas, err = w.list(ctx, "SHOW DATABASES"); err != nil {
		return err
	}
	w.beside, err = w.names()
	return err
}

func (w *Servers) answers(ctx context.Context) bool {
	_, err := w.list(ctx, "SELECT 1")
	return err == nil
}

// Old implements World: the schemas are those of the Reset, with its row.
func (w *Servers) Old(ctx context.Context) error {
	schemas, err := w.list(ctx, "SHOW DATABASES")
	if err != nil {
		return err
	}
	if !slices.Equal(schemas, w.schemas) {
		return fmt.Errorf("the schemas are %v, they were %v", schemas, w.schemas)
	}
	rows, err := w.list(ctx, "SELECT a FROM old_data.t")
	if err == nil && (len(rows) != 1 || rows[0] != fmt.Sprint(w.old)) {
		err = fmt.Errorf("old_data.t holds %v, not %d", rows, w.old)
	}
	return err
}

// Empty implements World: there are no schemas but the server's own.
func (w *Servers) Empty(ctx context.Context) error {
	schemas, err := w.list(ctx, "SHOW DATABASES")
	if err != nil {
		return err
	}
	own := []string{"mysql", "information_schema", "performance_schema", "sys"}
	if users := slices.DeleteFunc(schemas, func(s string) bool { return slices.Contains(own, s) }); len(users) > 0 {
		return fmt.Errorf("it holds %v", users)
	}
	return nil
}

// New implements World.
func (w *Servers) New(ctx context.Context) error {
	a, b := w.SourceServer.Open(""), w.TargetServer.Open("")
	defer a.Close()
	defer b.Close()
	found, err := sandbox.Compare(ctx, a, b)
	for _, d := range found[:min(10, len(found))] {
		err = errors.Join(err, errors.New(d.String()))
	}
	return err
}

// Beside implements World: in the server's directory, and on top of its data directory what bears the seed's or this
// project's name.
func (w *Servers) Beside(context.Context) error {
	now, err := w.names()
	if err != nil {
		return err
	}
	var more []string
	for dir, names := range now {
		for _, name := range names {
			if !slices.Contains(w.beside[dir], name) {
				more = append(more, filepath.Join(dir, name))
			}
		}
	}
	if len(more) > 0 {
		return fmt.Errorf("%v", more)
	}
	return nil
}

func (w *Servers) names() (map[string][]string, error) {
	found := map[string][]string{}
	for _, dir := range []string{w.TargetServer.Dir, w.TargetServer.Datadir} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name := e.Name()
			server := strings.HasSuffix(name, ".pid") || strings.Contains(name, ".sock") || strings.HasSuffix(name, ".log")
			if ours := strings.Contains(name, "seed") || strings.Contains(name, "orchestrator"); dir == w.TargetServer.Dir && !server || ours {
				found[dir] = append(found[dir], name)
			}
		}
	}
	return found, nil
}

// Source implements World: a change of a table's definition and one of a row do not wait for a lock.
func (w *Servers) Source(ctx context.Context) error {
	return w.exec(ctx, w.SourceServer, "SET SESSION lock_wait_timeout = 5", "ALTER TABLE contract.probe COMMENT = 'probe'", "BEGIN", "UPDATE contract.probe SET a = a + 1", "ROLLBACK")
}

// open opens a server with the agent's account: a load that was cut off leaves the others without privileges.
func open(s *sandbox.Server) (*sql.DB, error) { return sql.Open("mysql", s.DSN(s.AgentUser, "")) }

// exec runs statements in one session.
func (w *Servers) exec(ctx context.Context, s *sandbox.Server, statements ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	db, err := open(s)
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, q := range statements {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("%s: %s: %w", s.Address(), q, err)
		}
	}
	return nil
}

// list is the first column of what the target answers, sorted.
func (w *Servers) list(ctx context.Context, query string) (values []string, err error) {
	db, err := open(w.TargetServer)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var v sql.NullString
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		values = append(values, v.String)
	}
	slices.Sort(values)
	return values, rows.Err()
}
