package datadir

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// target is a real server with a keeper for it.
type target struct {
	t    *testing.T
	s    *sandbox.Server
	k    *Keeper
	w    *method.Work
	run  *methodtest.Run
	dirs []string // everything of the server's that is not in s.Dir
}

func newTarget(t *testing.T, kind sandbox.Kind) *target {
	t.Helper()
	s := sandbox.StartT(t, sandbox.Options{Kind: kind})
	d := &target{t: t, s: s, run: &methodtest.Run{}}
	h := host.New(host.Options{
		MySQL:        host.NewMySQL(host.MySQLOptions{User: s.AgentUser, Password: s.Passwords.Agent, Host: s.Host, Port: s.Port}),
		StartCommand: []string{s.StartCommand()}, StopCommand: []string{s.StopCommand()}, StatusCommand: []string{s.StatusCommand()},
		BackupDir: t.TempDir(), StartWait: 20 * time.Second, Logger: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(h.Close)
	d.k = New(Options{Host: h, StateDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	d.k.quiet = 3 * time.Second
	d.w = &method.Work{SeedID: 7, Side: agentapi.Target, Run: d.run}
	d.exec("CREATE DATABASE app", "CREATE TABLE app.t (who VARCHAR(20))", "INSERT app.t VALUES ('old')")
	return d
}

func (d *target) exec(queries ...string) {
	d.t.Helper()
	execOn(d.t, d.s, queries...)
}

func execOn(t *testing.T, s *sandbox.Server, queries ...string) {
	t.Helper()
	db := s.Open("")
	defer db.Close()
	for _, q := range queries {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(q, err)
		}
	}
}

// who says whose data the server has, in the table of that name.
func (d *target) who(table string) string {
	d.t.Helper()
	db := d.s.Open("")
	defer db.Close()
	var who string
	if err := db.QueryRow("SELECT who FROM " + table).Scan(&who); err != nil {
		return err.Error()
	}
	return who
}

func (d *target) stop() {
	d.t.Helper()
	if err := d.s.Stop(context.Background()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *target) restart() {
	d.t.Helper()
	if err := d.s.Restart(context.Background()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *target) configure(lines ...string) {
	d.t.Helper()
	f, err := os.OpenFile(d.s.Defaults, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := f.WriteString(strings.Join(lines, "\n") + "\n"); err != nil {
		d.t.Fatal(err)
	}
	f.Close()
}

// copyFrom is a stopped server's data directory in the place for the new data.
func (d *target) copyFrom(data string) {
	d.t.Helper()
	place, err := d.k.Place(d.w)
	if err != nil {
		d.t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-R", data+"/.", place.Receive).CombinedOutput(); err != nil {
		d.t.Fatal(string(out))
	}
}

// newData is the data directory of a stopped server.
func newData(t *testing.T, kind sandbox.Kind, queries ...string) string {
	t.Helper()
	s := sandbox.StartT(t, sandbox.Options{Kind: kind})
	execOn(t, s, append([]string{"CREATE DATABASE app", "CREATE TABLE app.t (who VARCHAR(20))", "INSERT app.t VALUES ('new')"}, queries...)...)
	if err := s.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s.Datadir
}

// separate moves parts of the data to directories of their own.
func (d *target) separate() {
	d.t.Helper()
	base := d.t.TempDir()
	dir := func(name string) string {
		path := filepath.Join(base, name)
		if err := os.Mkdir(path, 0o750); err != nil {
			d.t.Fatal(err)
		}
		d.dirs = append(d.dirs, path)
		return path
	}
	redo, undo, home, logs := dir("redo"), dir("undo"), dir("home"), dir("logs")
	parts := map[string]string{"ib_logfile0": redo, "#innodb_redo": redo, "undo_001": undo, "undo_002": undo, "ibdata1": home, "aria_log_control": logs, "aria_log.00000001": logs}
	lines := []string{"innodb_log_group_home_dir=" + redo, "innodb_undo_directory=" + undo, "innodb_data_home_dir=" + home, "log_bin=" + logs + "/bin", "relay_log=" + logs + "/relay"}
	if d.s.Kind == sandbox.MariaDB {
		lines = append(lines, "aria_log_dir_path="+logs, "innodb_undo_tablespaces=2")
	} else {
		dblwr := dir("dblwr")
		parts["#ib_16384_0.dblwr"], parts["#ib_16384_1.dblwr"] = dblwr, dblwr
		ssd := dir("ssd")
		lines = append(lines, "innodb_doublewrite_dir="+dblwr, "innodb_directories="+ssd)
	}
	d.stop()
	for name, to := range parts {
		if from := filepath.Join(d.s.Datadir, name); exists(from) {
			if err := os.Rename(from, filepath.Join(to, name)); err != nil {
				d.t.Fatal(err)
			}
		}
	}
	d.configure(lines...)
	d.restart()
}

// leftovers are the containers that are still there.
func (d *target) leftovers() []string {
	var found []string
	for _, root := range append([]string{d.s.Dir}, d.dirs...) {
		out, err := exec.Command("find", root, "-name", "*.seed-*").Output()
		if err != nil {
			d.t.Error(err)
		}
		found = append(found, strings.Fields(string(out))...)
	}
	return found
}

func (d *target) begin() *Place {
	d.t.Helper()
	place, err := d.k.Begin(context.Background(), d.w, 1<<20)
	if err != nil {
		d.t.Fatal(err)
	}
	if !place.Keeps || d.who("app.t") != "old" {
		d.t.Fatalf("%+v %s", place, d.who("app.t"))
	}
	return place
}

func (d *target) must(what string, err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(what, err)
	}
}

// seed goes there and back and there again.
func (d *target) seed(data string) {
	ctx := context.Background()
	identity := d.identity()
	d.begin()
	d.copyFrom(data)
	d.must("swap", d.k.Swap(ctx, d.w))
	if got := d.who("app.t"); got != "new" {
		d.t.Fatal(got)
	}
	if got := d.identity(); got != identity {
		d.t.Errorf("the server was %s and is %s", identity, got)
	}
	d.exec("CREATE TABLE app.later (who VARCHAR(20))", "INSERT app.later VALUES ('later')")
	d.must("put back", d.k.PutBack(ctx, d.w))
	if got := d.who("app.t"); got != "old" || !strings.Contains(d.who("app.later"), "doesn't exist") {
		d.t.Fatal(got)
	}
	if l := d.leftovers(); len(l) > 0 {
		d.t.Error(l)
	}
	d.begin()
	d.copyFrom(data)
	d.stop() // by a person, or the out-of-memory killer: it starts beside what was received
	d.restart()
	d.must("swap", d.k.Swap(ctx, d.w))
	d.must("drop", d.k.Drop(ctx, d.w))
	d.must("put back after drop", d.k.PutBack(ctx, d.w))
	d.stop()
	d.restart()
	d.exec("CREATE TABLE app.later (who VARCHAR(20))", "ALTER TABLE app.t FORCE")
	if got := d.who("app.t"); got != "new" {
		d.t.Fatal(got)
	}
	if l := d.leftovers(); len(l) > 0 {
		d.t.Error(l)
	}
}

func (d *target) identity() string {
	db := d.s.Open("")
	defer db.Close()
	var id, uuid string
	_ = db.QueryRow("SELECT @@server_id").Scan(&id)
	_ = db.QueryRow("SELECT @@server_uuid").Scan(&uuid)
	return id + " " + uuid
}

func TestSwapOnRealServersWithSeparateDirectories(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.MariaDB, sandbox.MySQL97} {
		t.Run(string(kind), func(t *testing.T) {
			d := newTarget(t, kind)
			d.separate()
			l, err := d.k.Layout(context.Background())
			d.must("layout", err)
			if len(l.Parts) < 6 {
				t.Errorf("%+v", l)
			}
			d.seed(newData(t, kind))
			for _, dir := range d.dirs {
				if entries, err := os.ReadDir(dir); err != nil || len(entries) == 0 && filepath.Base(dir) != "ssd" {
					t.Errorf("%s: %v %v", dir, entries, err)
				}
			}
		})
	}
}

func TestSwapInAMountPointLeavesLostAndFoundAlone(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.MariaDB, sandbox.MySQL97} {
		t.Run(string(kind), func(t *testing.T) {
			d := newTarget(t, kind)
			d.mount()
			place := d.begin()
			if place.Receive != filepath.Join(d.s.Datadir, ".seed-7.new") || !place.Layout.Mount {
				t.Errorf("%+v", place)
			}
			d.must("put back", d.k.PutBack(context.Background(), d.w))
			d.seed(newData(t, kind))
			if !exists(filepath.Join(d.s.Datadir, "lost+found", "piece")) {
				t.Error("lost+found was touched")
			}
		})
	}
}

// mount makes the data directory a file system of its own.
func (d *target) mount() {
	d.t.Helper()
	image := filepath.Join(d.t.TempDir(), "image")
	d.stop()
	if err := os.Rename(d.s.Datadir, d.s.Datadir+".was"); err != nil {
		d.t.Fatal(err)
	}
	for _, c := range [][]string{
		{"truncate", "-s", "1500M", image}, {"mkfs.ext4", "-q", image}, {"mkdir", d.s.Datadir}, {"mount", "-o", "loop", image, d.s.Datadir},
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			d.t.Fatalf("%v (this test mounts, and needs root): %v %s", c, err, out)
		}
	}
	d.t.Cleanup(func() {
		err := d.s.Kill()
		out, uerr := exec.Command("umount", d.s.Datadir).CombinedOutput()
		if err := errors.Join(err, uerr); err != nil {
			d.t.Errorf("%v %s", err, out)
		}
	})
	if out, err := exec.Command("cp", "-R", d.s.Datadir+".was/.", d.s.Datadir).CombinedOutput(); err != nil {
		d.t.Fatal(string(out))
	}
	d.must("clean", os.RemoveAll(d.s.Datadir+".was"))
	d.must("lost+found", os.WriteFile(filepath.Join(d.s.Datadir, "lost+found", "piece"), []byte("x"), 0o600))
	d.restart()
}

func TestSwapOfADataDirectoryThatIsALink(t *testing.T) {
	d := newTarget(t, sandbox.MariaDB)
	d.stop()
	real := filepath.Join(d.s.Dir, "elsewhere", "mysql")
	d.must("mkdir", os.Mkdir(filepath.Dir(real), 0o755))
	d.must("move", os.Rename(d.s.Datadir, real))
	d.must("link", os.Symlink(real, d.s.Datadir))
	d.restart()
	if place := d.begin(); place.Receive != real+".seed-7.new" {
		t.Error(place.Receive)
	}
	d.seed(newData(t, sandbox.MariaDB))
	if to, err := os.Readlink(d.s.Datadir); err != nil || to != real {
		t.Error(to, err)
	}
}

func TestServerThatDoesNotStartOnTheNewDataGetsTheOldBack(t *testing.T) {
	for kind, breakIt := range map[sandbox.Kind]string{sandbox.MariaDB: "ib_logfile0", sandbox.MySQL97: "mysql.ibd"} {
		t.Run(string(kind), func(t *testing.T) {
			d := newTarget(t, kind)
			ctx := context.Background()
			place := d.begin()
			d.copyFrom(newData(t, kind))
			d.must("break", os.Remove(filepath.Join(place.Receive, breakIt)))
			for range 2 {
				var e *method.StageError
				if err := d.k.Swap(ctx, d.w); !errors.As(err, &e) || e.Code != "mysql-start-failed" || !strings.Contains(e.Hint, "ERROR") {
					t.Fatalf("%v %+v", err, e)
				}
			}
			d.must("put back", d.k.PutBack(ctx, d.w))
			if got := d.who("app.t"); got != "old" || len(d.leftovers()) > 0 {
				t.Error(got, d.leftovers())
			}
		})
	}
}

func TestNothingMovesWhileSomethingStartsTheServerAgain(t *testing.T) {
	d := newTarget(t, sandbox.MariaDB)
	script := filepath.Join(t.TempDir(), "stop")
	d.must("script", sandbox.WriteProgram(script, "#!/bin/sh\n"+d.s.StopCommand()+"\n"+d.s.StartCommand()+"\n"))
	d.k.server = stopsBadly{d.k.o.Host, script}
	d.begin()
	d.copyFrom(newData(t, sandbox.MariaDB))
	var e *method.StageError
	if err := d.k.Swap(context.Background(), d.w); !errors.As(err, &e) || e.Code != "datadir-busy" || !strings.Contains(e.Text, "process") {
		t.Fatal(err)
	}
	d.k.server = d.k.o.Host
	d.must("put back", d.k.PutBack(context.Background(), d.w))
	if got := d.who("app.t"); got != "old" || len(d.leftovers()) > 0 || slices.Contains(d.run.OldDataSaid(), agentapi.OldDataAside) {
		t.Error(got, d.leftovers(), d.run.OldDataSaid())
	}
}

// stopsBadly is a server whose stop command leaves it running.
type stopsBadly struct {
	*host.Host
	script string
}

func (s stopsBadly) StopMySQL(context.Context) error { return exec.Command(s.script).Run() }
