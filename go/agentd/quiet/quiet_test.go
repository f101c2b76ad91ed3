package quiet_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/quiet"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// local is the server as an agent sees it.
type local struct{ *sandbox.Server }

func (l local) Local() host.Address { return host.Address{Host: l.Host, Port: l.Port} }

func (l local) Open(context.Context, host.Address) (*sql.DB, error) { return l.Server.Open(""), nil }

func TestEventsOfACopyAreDisabledBeforeAnyServerRunsOnIt(t *testing.T) {
	s := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB, Extra: []string{"event_scheduler=ON"}})
	db := s.Open("")
	for _, q := range []string{"CREATE DATABASE shop", "CREATE TABLE shop.ticks (id INT AUTO_INCREMENT PRIMARY KEY)",
		"CREATE EVENT shop.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.ticks VALUES ()",
		"CREATE EVENT shop.off ON SCHEDULE EVERY 1 SECOND DISABLE DO INSERT INTO shop.ticks VALUES ()"} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	run := &methodtest.Run{}
	w := &method.Work{SeedID: 1, Dir: t.TempDir(), Run: run}
	if err := quiet.Note(t.Context(), w, local{s}); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", s.Datadir, copied).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for range 2 { // it may be called again
		if err := quiet.Settle(t.Context(), w, copied, host.Program{}); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(w.Dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := os.RemoveAll(s.Datadir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(copied, s.Datadir); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"tick": "SLAVESIDE_DISABLED", "off": "DISABLED"} {
		var status string
		if err := s.Open("").QueryRow("SELECT status FROM information_schema.events WHERE event_name = ?", name).Scan(&status); err != nil || status != want {
			t.Errorf("event %s is %q, %v, want %s", name, status, err, want)
		}
	}
}

func TestACopyThatTheServerCanNotOpenIsAnErrorWithTheServersWords(t *testing.T) {
	s := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB})
	run := &methodtest.Run{}
	w := &method.Work{SeedID: 1, Dir: t.TempDir(), Run: run}
	if err := quiet.Note(t.Context(), w, local{s}); err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	for name, size := range map[string]int{"ibdata1": 12 << 20, "mysql/event.MAI": 1} {
		if err := os.MkdirAll(filepath.Join(copied, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(copied, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := quiet.Settle(t.Context(), w, copied, host.Program{})
	var stage *method.StageError
	if !errors.As(err, &stage) || stage.Code != "mysql-start-failed" || !strings.Contains(stage.Hint, "InnoDB") {
		t.Errorf("got %v, want mysql-start-failed with InnoDB's words", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := errors.New("the test ends it")
	cancel(ended)
	if err := quiet.Settle(ctx, w, copied, host.Program{}); !errors.Is(err, ended) && !errors.Is(err, context.Canceled) {
		t.Errorf("a Settle that is aborted gives %v", err)
	}
}

func TestACopyThatReplicatedBeforeAnyoneCouldStopItIsRefused(t *testing.T) {
	extra := []string{"skip_slave_start=OFF", "relay_log_recovery=ON"}
	first := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MySQL97})
	s := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MySQL97, Passwords: first.Passwords, Extra: extra})
	w := &method.Work{SeedID: 1, Dir: t.TempDir(), Run: &methodtest.Run{}}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	target := quiet.Target{Version: "9.7.0"}
	if err := quiet.BeforeSwap(t.Context(), w, local{s}, quiet.Target{Version: "9.7.0", Runs: true}); err == nil {
		t.Error("a server that ran and does not answer now is taken for one that was down")
	}
	if err := quiet.BeforeSwap(t.Context(), w, local{s}, target); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := sandbox.MakeReplica(t.Context(), s, first, true); err != nil { // as it would be on the copy
		t.Fatal(err)
	}
	var stage *method.StageError
	for range 2 {
		if err := quiet.AfterSwap(t.Context(), w, local{s}); !errors.As(err, &stage) || stage.Code != quiet.CodeReplicated || !stage.Permanent {
			t.Errorf("got %v", err)
		}
	}
}

// A server that is not where PATH leads, or whose configuration is not the default, is dead when the seed begins: what was
// noted while it ran counts.
func TestACopyForADeadServerIsSettledByTheProgramAndConfigurationThatRanLast(t *testing.T) {
	s := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB})
	own := filepath.Join(s.Dir, "own.cnf")
	db := s.Open("")
	last, err := host.ProgramOf(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	base, err := os.ReadFile(s.Defaults)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(own, base, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range last.Args {
		if strings.HasPrefix(a, "--defaults-file=") {
			last.Args[i] = "--defaults-file=" + own
		}
	}
	run := &methodtest.Run{}
	w := &method.Work{SeedID: 1, Dir: t.TempDir(), Run: run}
	if err := quiet.Settle(t.Context(), w, s.Datadir, last); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(own); err != nil {
		t.Fatal(err)
	}
	if err := quiet.Settle(t.Context(), w, s.Datadir, last); err == nil || !strings.Contains(err.Error(), "does not start") {
		t.Errorf("without its own configuration: %v", err)
	}
}
