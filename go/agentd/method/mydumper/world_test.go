package mydumper_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mydumper"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// world is a source and a target, and an agent's side of a seed on the target.
type world struct {
	t              *testing.T
	source, target *sandbox.Server
	run            *methodtest.Run
	work           *method.Work
	method         method.Method
}

func newWorld(t *testing.T, o mydumper.Options) *world {
	t.Helper()
	s := sandbox.Options{Kind: sandbox.MariaDB, Passwords: sandbox.AwkwardPasswords()}
	w := &world{t: t, source: sandbox.StartT(t, s), target: sandbox.StartT(t, s), run: &methodtest.Run{}}
	dir := filepath.Join(t.TempDir(), "seed-1")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w.work = &method.Work{SeedID: 1, Attempt: 1, Side: agentapi.Target, PeerHost: w.source.Host, SourceMySQLPort: w.source.Port, Dir: dir, Run: w.run}
	o.Servers = host.NewMySQL(host.MySQLOptions{User: sandbox.AdminUser, Password: sandbox.AwkwardPasswords().Admin, Host: w.target.Host, Port: w.target.Port})
	var err error
	if w.method, err = mydumper.New(o); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) must(stage string, f func(context.Context, *method.Work) error) {
	w.t.Helper()
	if err := f(w.t.Context(), w.work); err != nil {
		w.t.Fatalf("%s: %v", stage, err)
	}
}

func (w *world) exec(s *sandbox.Server, statements ...string) {
	w.t.Helper()
	db := s.Open("")
	defer db.Close()
	for _, q := range statements {
		if _, err := db.ExecContext(w.t.Context(), q); err != nil {
			w.t.Fatalf("%s: %v", q, err)
		}
	}
}

func (w *world) fill(o sandbox.FillOptions) {
	w.t.Helper()
	db := w.source.Open("")
	defer db.Close()
	if err := sandbox.Fill(w.t.Context(), db, o); err != nil {
		w.t.Fatal(err)
	}
}

// count is the number of rows that a query gives.
func (w *world) count(s *sandbox.Server, query string) (n int) {
	w.t.Helper()
	db := s.Open("")
	defer db.Close()
	if err := db.QueryRowContext(w.t.Context(), "SELECT COUNT(*) FROM "+query).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func (w *world) same() {
	w.t.Helper()
	a, b := w.source.Open(""), w.target.Open("")
	defer a.Close()
	defer b.Close()
	diff, err := sandbox.Compare(w.t.Context(), a, b)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range diff {
		w.t.Errorf("%s", d)
	}
}

func (w *world) nothingLeft() {
	w.t.Helper()
	left, err := os.ReadDir(w.work.Dir)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range left {
		w.t.Errorf("%s was left behind", f.Name())
	}
}

func code(err error) string {
	var e *method.StageError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}
