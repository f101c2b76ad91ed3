package methodtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// World is a real source and a real target, and one agent's side of a seed between them: the target's, until a test changes
// Work.Side. Both servers end with the test.
type World struct {
	T              testing.TB
	Source, Target *sandbox.Server
	Run            *Run
	Work           *method.Work
	Method         method.Method

	make func(servers *host.MySQL) (method.Method, error)
}

// WorldOptions say what World to make. Make is required.
type WorldOptions struct {
	// Servers are the options of both servers; the kind is MariaDB unless it says another. Source and Target, if their Kind is
	// set, are taken instead.
	Servers, Source, Target sandbox.Options
	// Make makes the method under test, for the target's server.
	Make func(servers *host.MySQL) (method.Method, error)
}

// NewWorld starts the servers and puts the client programs that fit the target first in PATH.
func NewWorld(t testing.TB, o WorldOptions) *World {
	t.Helper()
	if o.Servers.Kind == "" {
		o.Servers.Kind = sandbox.MariaDB
	}
	for _, own := range []*sandbox.Options{&o.Source, &o.Target} {
		if own.Kind == "" {
			*own = o.Servers
		}
	}
	w := &World{T: t, Source: sandbox.StartT(t, o.Source), Target: sandbox.StartT(t, o.Target), Run: &Run{}, make: o.Make}
	t.Cleanup(w.Run.EndBackground)
	dir := filepath.Join(t.TempDir(), "seed-1")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w.Work = &method.Work{SeedID: 1, Attempt: 1, Side: agentapi.Target, PeerHost: w.Source.Host, SourceMySQLPort: w.Source.Port, Dir: dir, Run: w.Run}
	bin, err := sandbox.Bin(o.Target.Kind)
	if err != nil {
		t.Fatal(err)
	}
	w.Path(bin)
	w.As(sandbox.AdminUser, w.Target.Passwords.Admin)
	return w
}

// As makes the method anew, with another account.
func (w *World) As(user, password string) {
	w.T.Helper()
	m, err := w.make(host.NewMySQL(host.MySQLOptions{User: user, Password: password, Host: w.Target.Host, Port: w.Target.Port}))
	if err != nil {
		w.T.Fatal(err)
	}
	w.Method = m
}

// Path puts a directory first in PATH, until the end of the test: stand-ins of programs.
func (w *World) Path(dir string) { Path(w.T, dir) }

// Path puts a directory first in PATH, until the end of the test.
func Path(t testing.TB, dir string) {
	t.Helper()
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// Must runs a stage, which must succeed.
func (w *World) Must(stage string, f func(context.Context, *method.Work) error) {
	w.T.Helper()
	if err := f(w.T.Context(), w.Work); err != nil {
		w.T.Fatalf("%s: %v\n%s", stage, err, w.Run.Text())
	}
}

// Backup runs Prepare and Backup, which must succeed.
func (w *World) Backup() {
	w.T.Helper()
	w.Must("prepare", w.Method.Prepare)
	w.Must("backup", w.Method.Backup)
}

// Restore runs Restore, which must succeed.
func (w *World) Restore() {
	w.T.Helper()
	w.Must("restore", w.Method.Restore)
}

// NothingLeft fails the test when the seed's directory is not empty, or a process of the seed's is left.
func (w *World) NothingLeft() {
	w.T.Helper()
	left, err := os.ReadDir(w.Work.Dir)
	if err != nil {
		w.T.Fatal(err)
	}
	for _, f := range left {
		w.T.Errorf("%s was left behind", f.Name())
	}
	for _, c := range w.Run.Started() {
		if err := syscall.Kill(-c.Process.Pid, 0); err != syscall.ESRCH {
			w.T.Errorf("process group of %s: %v", c, err)
		}
	}
}

// Code is the code of a StageError; "" of any other.
func Code(err error) string {
	var e *method.StageError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}
