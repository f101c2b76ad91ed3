package mysqldump_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// world is a source and a target, and an agent's side of a seed on the target.
type world struct {
	t              *testing.T
	source, target *sandbox.Server
	run            *methodtest.Run
	work           *method.Work
	method         *mysqldump.Mysqldump
}

func newWorld(t *testing.T, kind sandbox.Kind, extra ...string) *world {
	t.Helper()
	return newWorldOf(t, sandbox.Options{Kind: kind}, extra...)
}

func newWorldOf(t *testing.T, o sandbox.Options, extra ...string) *world {
	t.Helper()
	w := &world{t: t, source: sandbox.StartT(t, o), target: sandbox.StartT(t, o)}
	w.run = &methodtest.Run{}
	dir := filepath.Join(t.TempDir(), "seed-1")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w.work = &method.Work{SeedID: 1, Attempt: 1, Side: agentapi.Target, PeerHost: w.source.Host, SourceMySQLPort: w.source.Port, Dir: dir, Run: w.run}
	bin, err := sandbox.Bin(o.Kind)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	w.method = w.newMethod(sandbox.AdminUser, "sandbox-password", extra...)
	return w
}

func (w *world) newMethod(user, password string, extra ...string) *mysqldump.Mysqldump {
	w.t.Helper()
	servers := host.NewMySQL(host.MySQLOptions{User: user, Password: password, Host: w.target.Host, Port: w.target.Port})
	m, err := mysqldump.New(mysqldump.Options{Servers: servers, Extra: extra, Streams: 2})
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) ctx() context.Context { return w.t.Context() }

// backup runs Prepare and Backup, which must succeed.
func (w *world) backup() {
	w.t.Helper()
	if err := w.method.Prepare(w.ctx(), w.work); err != nil {
		w.t.Fatalf("prepare: %v", err)
	}
	if err := w.method.Backup(w.ctx(), w.work); err != nil {
		w.t.Fatalf("backup: %v", err)
	}
}

func (w *world) restore() {
	w.t.Helper()
	if err := w.method.Restore(w.ctx(), w.work); err != nil {
		w.t.Fatalf("restore: %v", err)
	}
}

// same fails the test unless the target holds what the source holds.
func (w *world) same() {
	w.t.Helper()
	a, b := w.source.Open(""), w.target.Open("")
	defer a.Close()
	defer b.Close()
	diff, err := sandbox.Compare(w.ctx(), a, b)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range diff {
		w.t.Errorf("%s", d)
	}
}

func (w *world) exec(s *sandbox.Server, statements ...string) {
	w.t.Helper()
	db := s.Open("")
	defer db.Close()
	conn, err := db.Conn(w.ctx())
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	for _, q := range statements {
		if _, err := conn.ExecContext(w.ctx(), q); err != nil {
			w.t.Fatalf("%s: %v", q, err)
		}
	}
}

func (w *world) fill(o sandbox.FillOptions) {
	w.t.Helper()
	db := w.source.Open("")
	defer db.Close()
	if err := sandbox.Fill(w.ctx(), db, o); err != nil {
		w.t.Fatal(err)
	}
}

// query reads a column of text.
func (w *world) query(s *sandbox.Server, query string) []string {
	w.t.Helper()
	db := s.Open("")
	defer db.Close()
	rows, err := db.QueryContext(w.ctx(), query)
	if err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return out
}
