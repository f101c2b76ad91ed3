package datadir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
)

var errDead = errors.New("the agent is dead")

// world is a host with a stand-in for the server, on real directories. A step is everything that changes the disk, the
// journal, or the server; the agent can be made to die at any.
type world struct {
	t      *testing.T
	root   string
	data   string
	layout Layout
	free   int64
	whole  bool
	run    *methodtest.Run
	k      *Keeper

	steps     int
	dieAt     int // 0: never
	dieBefore bool
	dead      bool

	running    bool
	refusesNew bool // the server does not start on the new data
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

// fastDir is in memory where there is such a file system: the tests make thousands of small trees.
func fastDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "datadir-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// newWorld has separate directories for redo, undo, binary log, and a table elsewhere.
func newWorld(t *testing.T, whole bool) *world {
	root := fastDir(t)
	d := &world{t: t, root: root, data: filepath.Join(root, "lib", "mysql"), whole: whole, free: 1 << 50, running: true}
	for path, text := range map[string]string{
		"lib/mysql/ibdata1": "old", "lib/mysql/mysql/db.opt": "old", "lib/mysql/app/t.ibd": "old", "lib/mysql/auto.cnf": "target",
		"lib/mysql/ca.pem": "target", "lib/mysql/app/x.isl": filepath.Join(root, "ssd/app/x.ibd"), "ssd/app/x.ibd": "old",
		"redo/ib_logfile0": "old", "redo/note.txt": "a person's", "fast/undo001": "old", "fast/undo002": "old",
		"log/bin.000001": "old", "log/bin.index": "old", "log/error.log": "kept", "ssd/app/other.ibd": "another server's",
	} {
		put(t, filepath.Join(root, path), text)
	}
	if !whole {
		put(t, filepath.Join(d.data, "lost+found", "piece"), "the file system's")
	}
	d.layout = Layout{DataDir: d.data, Running: true, Vars: map[string]string{
		"innodb_data_file_path": "ibdata1:12M:autoextend", "innodb_log_group_home_dir": filepath.Join(root, "redo"),
		"innodb_undo_directory": filepath.Join(root, "fast"), "log_bin_basename": filepath.Join(root, "log", "bin"),
		"relay_log_basename": filepath.Join(d.data, "relays", "relay"), "log_error": filepath.Join(root, "log", "error.log"),
	}}
	put(t, filepath.Join(d.data, "relays", "relay.000001"), "old")
	if os.Geteuid() == 0 {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Chown(path, 4711, 4712))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	d.run = &methodtest.Run{}
	d.revive()
	return d
}

// revive starts a new agent on what the dead one left.
func (d *world) revive() {
	d.dead, d.dieAt, d.steps = false, 0, 0
	d.k = New(Options{StateDir: d.t.TempDir(), AllowErase: true, Logger: slog.New(slog.DiscardHandler)})
	d.k.files, d.k.server, d.k.quiet = &mortal{d}, d, time.Second
	d.k.inspect = func(context.Context) (Layout, error) {
		l := d.layout
		l.complete(nil)
		l.Running = d.running
		return l, nil
	}
	d.k.sibling = func(Layout) bool { return d.whole }
	d.k.holder = func(*plan) (string, error) { return "", nil }
	d.k.free = func(string) (int64, error) { return d.free, nil }
}

// step counts, and dies.
func (d *world) step(f func() error) error {
	if d.dead {
		return errDead
	}
	d.steps++
	if d.steps != d.dieAt {
		return f()
	}
	d.dead = true
	if d.dieBefore {
		return errDead
	}
	return errors.Join(f(), errDead)
}

func (d *world) work() *method.Work {
	return &method.Work{SeedID: 7, Side: agentapi.Target, Run: mortalRun{d.run, d}}
}

// receive is what a tool leaves.
func (d *world) receive() error {
	place, err := d.k.Place(d.work())
	if err != nil {
		return err
	}
	for path, text := range map[string]string{
		"ibdata1": "new", "mysql/db.opt": "new", "app/t.ibd": "new", "app2/u.ibd": "new", "app/x.isl": filepath.Join(d.root, "ssd/app/x.ibd"), "app/x.ibd": "new",
		"app/other.isl": filepath.Join(d.root, "ssd/app/other.ibd"), "app/other.ibd": "new",
		"ib_logfile0": "new", "undo001": "new", "bin.000009": "source", "bin.index": "source", "auto.cnf": "source", "ca.pem": "source",
		"mysqld-auto.cnf": "source", "master.info": "source", "relay-log.info": "source", "host.pid": "source",
	} {
		put(d.t, filepath.Join(place.Receive, path), text)
	}
	return nil
}

// StartMySQL is the stand-in: it refuses a mixture of old and new data.
func (d *world) StartMySQL(context.Context) error {
	return d.step(func() error {
		if d.running {
			return nil
		}
		var all []string
		for _, path := range []string{"lib/mysql/ibdata1", "lib/mysql/mysql/db.opt", "lib/mysql/app/t.ibd", "redo/ib_logfile0", "fast/undo001"} {
			b, err := os.ReadFile(filepath.Join(d.root, path))
			if err != nil {
				return err
			}
			all = append(all, string(b))
		}
		link, err := os.ReadFile(filepath.Join(d.data, "app/x.isl"))
		if err != nil {
			return err
		}
		b, err := os.ReadFile(string(link))
		all = append(all, string(b))
		slices.Sort(all)
		if all = slices.Compact(all); len(all) != 1 || err != nil {
			return fmt.Errorf("the data is a mixture: %q %w", all, err)
		}
		if all[0] == "new" {
			for _, path := range []string{"lib/mysql/ibtmp1", "redo/ib_logfile1", "log/bin.000001", "log/bin.index", "lib/mysql/app/later.ibd"} {
				put(d.t, filepath.Join(d.root, path), "made by the new")
			}
			if d.refusesNew {
				return errors.New("no")
			}
		}
		d.running = true
		return nil
	})
}

func (d *world) StopMySQL(context.Context) error {
	return d.step(func() error { d.running = false; return nil })
}

func (d *world) MySQLRunning(context.Context) bool { return d.running && !d.dead }

func (d *world) SettleMySQL(context.Context, bool) error { return nil }

// boot is a host that starts after a power failure, with an init script that makes what is missing.
func (d *world) boot() {
	if p, err := recall(d.work()); err == nil && p != nil && p.Phase == phaseOver {
		return // all is as it was, and starts as ever
	}
	d.running = false
	if st, err := os.Stat(d.data); err == nil {
		if uid, _ := ids(st); os.Geteuid() == 0 && uid != 4711 {
			return // the server can't look into it
		}
	}
	if exists(filepath.Join(d.data, "ibdata1")) {
		return // started and stopped well, or refused for want of a redo log
	}
	put(d.t, filepath.Join(d.data, "ibdata1"), "made by the init script")
	if !exists(filepath.Join(d.root, "redo/ib_logfile0")) {
		put(d.t, filepath.Join(d.root, "redo/ib_logfile0"), "made by the init script")
	}
}

// tree is everything on the host: content, mode and owner by path.
func (d *world) tree() map[string]string {
	found := map[string]string{}
	err := filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := e.Info()
		if err != nil {
			return err
		}
		uid, gid := ids(st)
		text := ""
		if !e.IsDir() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text = string(b)
		}
		if strings.HasPrefix(text, "made by the new") { // by the stand-in, as whom it runs
			uid, gid = 4711, 4712
		}
		found[strings.TrimPrefix(path, d.root)] = fmt.Sprintf("%s %d:%d %s", st.Mode(), uid, gid, text)
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return found
}

func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for path := range want {
		if got[path] != want[path] {
			t.Errorf("%s: %s is %q, want %q", what, path, got[path], want[path])
		}
	}
	for path := range got {
		if _, found := want[path]; !found {
			t.Errorf("%s: left over: %s %q", what, path, got[path])
		}
	}
}

type mortalRun struct {
	*methodtest.Run
	d *world
}

func (r mortalRun) Remember(key string, value any) error {
	return r.d.step(func() error { return r.Run.Remember(key, value) })
}

func (r mortalRun) OldData(state agentapi.OldData, at string) error {
	return r.d.step(func() error { return r.Run.OldData(state, at) })
}

// mortal are the files of an agent that can die.
type mortal struct{ d *world }

func (m *mortal) Rename(from, to string) error {
	return m.d.step(func() error { return disk{}.Rename(from, to) })
}
func (m *mortal) Mkdir(path string, mode fs.FileMode, uid, gid int) error {
	return m.d.step(func() error { return disk{}.Mkdir(path, mode, uid, gid) })
}
func (m *mortal) Write(path string, data []byte, mode fs.FileMode) error {
	return m.d.step(func() error { return disk{}.Write(path, data, mode) })
}
func (m *mortal) Copy(from, to string) error {
	return m.d.step(func() error { return disk{}.Copy(from, to) })
}
func (m *mortal) Remove(path string) error {
	return m.d.step(func() error { return disk{}.Remove(path) })
}
func (m *mortal) Own(path string, o owner) error {
	return m.d.step(func() error { return disk{}.Own(path, o) })
}
func (m *mortal) Sync(string) error    { return nil }
func (m *mortal) SyncAll(string) error { return nil }

// RemoveTree can die in its middle.
func (m *mortal) RemoveTree(path string) error {
	entries, _ := os.ReadDir(path)
	if len(entries) > 0 {
		if err := m.d.step(func() error { return os.RemoveAll(filepath.Join(path, entries[0].Name())) }); err != nil {
			return err
		}
	}
	return m.d.step(func() error { return os.RemoveAll(path) })
}
