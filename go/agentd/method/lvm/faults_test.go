package lvm_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/lvm"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// filling is a provider whose snapshot gets full.
type filling struct {
	lvm.Provider
	full   atomic.Bool
	checks atomic.Int64
	after  int64 // so many looks; 0: never by itself
}

func (f *filling) Check(ctx context.Context, s snapshot.Snapshot) (float64, error) {
	if n := f.checks.Add(1); f.full.Load() || f.after > 0 && n > f.after {
		return 100, snapshot.ErrFull
	}
	return f.Provider.Check(ctx, s)
}

func TestSnapshotThatFillsUpDuringTheCopyIsAnErrorAndTheTargetKeepsItsData(t *testing.T) {
	for name, plain := range map[string]bool{"agent of ours": false, "agent of others": true} {
		t.Run(name, func(t *testing.T) {
			f := &filling{}
			w := newWorld(t, options{plain: plain, provide: func(p lvm.Provider) lvm.Provider { f.Provider = p; return f }})
			w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 32 << 20, Tables: 1})
			w.exec(w.tgt.server, "CREATE DATABASE old_data")
			w.src.run.SetLimit(8 << 20)
			w.src.run.OnProgress = func(p agentapi.Progress) { f.full.Store(p.Bytes > 4<<20) }
			w.prepare()
			source, target := w.backup()
			if code(source) != lvm.CodeFull || target == nil {
				t.Errorf("backup said %v with the code %q, and on the target %v", source, code(source), target)
			}
			w.oldDataIsThere()
			w.release()
			w.nothingLeft()
		})
	}
}

func TestSnapshotThatIsFullWhenItsLastByteWasReadIsAnError(t *testing.T) {
	for name, plain := range map[string]bool{"agent of ours": false, "agent of others": true} {
		t.Run(name, func(t *testing.T) {
			f := &filling{after: 2} // Prepare's and the beginning's
			w := newWorld(t, options{plain: plain, provide: func(p lvm.Provider) lvm.Provider { f.Provider = p; return f },
				change: func(o *lvm.Options, _ agentapi.Side) { o.CheckEvery = time.Hour }})
			w.exec(w.tgt.server, "CREATE DATABASE old_data")
			w.prepare()
			source, target := w.backup()
			if code(source) != lvm.CodeFull || target == nil {
				t.Errorf("backup said %v with the code %q, and on the target %v", source, code(source), target)
			}
			w.oldDataIsThere()
			w.release()
			w.nothingLeft()
		})
	}
}

func (w *world) oldDataIsThere() {
	w.t.Helper()
	if got := w.query(w.tgt.server, "SHOW DATABASES LIKE 'old_data'"); len(got) != 1 {
		w.t.Error("the target's old data is gone")
	}
}

func TestAbortOnEitherSideLeavesNothingAndTheOldDataInPlace(t *testing.T) {
	for name, onSource := range map[string]bool{"source": true, "target": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{})
			w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 32 << 20, Tables: 1})
			w.exec(w.tgt.server, "CREATE DATABASE old_data")
			w.src.run.SetLimit(8 << 20)
			ctx, cancel := context.WithCancelCause(t.Context())
			aborted := errors.New("aborted by a person")
			w.src.run.OnProgress = func(p agentapi.Progress) {
				switch {
				case p.Bytes < 4<<20:
				case onSource:
					cancel(aborted)
				default:
					go w.tgt.run.EndBackground()
				}
			}
			w.prepare()
			err := w.src.m.Backup(ctx, w.src.work)
			if onSource && !errors.Is(err, aborted) || err == nil {
				t.Errorf("backup said %v", err)
			}
			w.oldDataIsThere()
			w.release()
			w.release()
			w.nothingLeft()
			w.src.run.OnProgress = nil
			w.src.run.SetLimit(0)
			w.seed() // and it can begin again
		})
	}
}

// dying is a provider whose agent dies when the snapshot was just made.
type dying struct {
	lvm.Provider
	died bool
}

var errDied = errors.New("the agent died")

func (d *dying) Create(ctx context.Context, s snapshot.Snapshot) error {
	err := d.Provider.Create(ctx, s)
	if err == nil && !d.died {
		d.died = true
		return errDied
	}
	return err
}

func TestSnapshotOfAnAgentThatDiedIsRemovedByTheNextAttemptAndByRelease(t *testing.T) {
	for name, finish := range map[string]func(w *world){
		"release": func(w *world) {},
		"again":   func(w *world) { w.seed(); w.cleanup() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{provide: func(p lvm.Provider) lvm.Provider { return &dying{Provider: p} }})
			if err := w.src.m.Prepare(t.Context(), w.src.work); !errors.Is(err, errDied) {
				t.Fatal(err)
			}
			w.exec(w.src.server, "CREATE DATABASE not_locked")
			finish(w)
			if name == "release" {
				w.release()
			}
			w.nothingLeft()
		})
	}
}

func TestLongStatementOnTheSourceIsWaitedForInTurnsAndNamed(t *testing.T) {
	for _, kind := range []sandbox.Kind{sandbox.MariaDB, sandbox.MySQL97} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, options{server: sandbox.Options{Kind: kind}, change: func(o *lvm.Options, _ agentapi.Side) { o.LockWait, o.LockFor = time.Second, 2*time.Second }})
			w.exec(w.src.server, "CREATE DATABASE busy", "CREATE TABLE busy.t (a INT) ENGINE=MyISAM", "INSERT INTO busy.t VALUES (1)")
			db := w.src.server.Open("")
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ctx, end := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = conn.ExecContext(ctx, "UPDATE busy.t SET a = SLEEP(600)")
			}()
			methodtestUntil(t, func() bool {
				return len(w.query(w.src.server, "SELECT id FROM information_schema.processlist WHERE info LIKE 'UPDATE busy%'")) == 1
			})
			err = w.src.m.Prepare(t.Context(), w.src.work)
			if code(err) != lvm.CodeLocked || !strings.Contains(hintOf(err), "UPDATE busy.t SET a = SLEEP(600)") {
				t.Errorf("prepare said %v, %q, %q", err, code(err), hintOf(err))
			}
			w.exec(w.src.server, "CREATE DATABASE not_locked")
			id := w.query(w.src.server, "SELECT id FROM information_schema.processlist WHERE info LIKE 'UPDATE busy%'")
			w.exec(w.src.server, "KILL "+id[0])
			<-done
			end()
			conn.Close()
			w.release()
			w.nothingLeft()
		})
	}
}

func methodtestUntil(t *testing.T, f func() bool) {
	t.Helper()
	sandbox.Eventually(t, 20*time.Second, func() error {
		if f() {
			return nil
		}
		return errors.New("not yet")
	})
}

func TestAccountWithoutThePrivilegeIsToldSo(t *testing.T) {
	w := newWorld(t, options{})
	w.exec(w.src.server, "REVOKE ALL PRIVILEGES, GRANT OPTION FROM '"+w.src.server.AgentUser+"'@'%'", "GRANT SELECT ON *.* TO '"+w.src.server.AgentUser+"'@'%'")
	if err := w.src.m.Prepare(t.Context(), w.src.work); code(err) != lvm.CodePrivileges {
		t.Errorf("prepare said %v", err)
	}
	w.must(w.src, "release", w.src.m.Release)
}

func TestDataThatOneSnapshotCannotHoldIsRefusedBeforeAnythingHappens(t *testing.T) {
	elsewhere := t.TempDir()
	w := newWorld(t, options{source: []string{"innodb_undo_directory=" + elsewhere, "innodb_undo_tablespaces=3"}, server: sandbox.Options{Kind: sandbox.MariaDB}})
	err := w.src.m.Prepare(t.Context(), w.src.work)
	if code(err) != lvm.CodeUnfit || !strings.Contains(err.Error(), "one snapshot cannot hold it all") {
		t.Errorf("prepare said %v", err)
	}
	offer, err := w.src.m.Offer(t.Context())
	if err != nil || !strings.Contains(offer.NotAsSource, elsewhere) {
		t.Errorf("offer is %+v, %v", offer, err)
	}
	offer, err = w.tgt.m.Offer(t.Context())
	if err != nil || offer.NotAsSource == "" || offer.BackupSide != agentapi.Source || !offer.BackupToDatadir {
		t.Errorf("the target's offer is %+v, %v", offer, err)
	}
}

func TestSchemaBehindALinkIsRefused(t *testing.T) {
	w := newWorld(t, options{})
	if err := os.Symlink(t.TempDir(), filepath.Join(w.src.server.Datadir, "linked")); err != nil {
		t.Fatal(err)
	}
	if err := w.src.m.Prepare(t.Context(), w.src.work); code(err) != lvm.CodeUnfit {
		t.Errorf("prepare said %v", err)
	}
	w.must(w.src, "release", w.src.m.Release)
	if err := os.Remove(filepath.Join(w.src.server.Datadir, "linked")); err != nil {
		t.Fatal(err)
	}
	w.nothingLeft()
}

func TestDataDirectoryInTheRootOfAMountedSubvolumeHidesItsSnapshot(t *testing.T) {
	w := newWorld(t, options{atRoot: true})
	w.fill(sandbox.FillOptions{NoObjects: true, Bytes: 1 << 20, Tables: 1})
	w.settle()
	w.prepare()
	if out, err := exec.Command("btrfs", "subvolume", "list", w.disk).Output(); err != nil || !strings.Contains(string(out), ".orchestrator-seed-") {
		t.Errorf("%s %v", out, err)
	}
	if source, target := w.backup(); source != nil || target != nil {
		t.Fatal(source, target)
	}
	w.must(w.tgt, "restore", w.tgt.m.Restore)
	w.connect()
	w.same()
	w.cleanup()
	w.nothingLeft()
}

// moveLogs puts the logs of the source's engines into another directory.
func (w *world) moveLogs(dir string) {
	w.t.Helper()
	ctx, s := w.t.Context(), w.src.server
	text, err := os.ReadFile(s.Defaults)
	err = errors.Join(err, s.Stop(ctx), os.WriteFile(s.Defaults, append(text, []byte("innodb_log_group_home_dir="+dir+"\naria_log_dir_path="+dir+"\n")...), 0o600))
	for _, pattern := range []string{"ib_logfile*", "aria_log*"} {
		found, gerr := filepath.Glob(filepath.Join(s.Datadir, pattern))
		err = errors.Join(err, gerr)
		for _, path := range found {
			err = errors.Join(err, os.Rename(path, filepath.Join(dir, filepath.Base(path))))
		}
	}
	if err := errors.Join(err, s.Restart(ctx)); err != nil {
		w.t.Fatal(err)
	}
}

func TestSeparateDirectoriesOnTheSameVolumeTravelToo(t *testing.T) {
	w := newWorld(t, options{})
	w.moveLogs(filepath.Join(w.disk, "volume"))
	if err := os.WriteFile(filepath.Join(w.disk, "volume", "strange"), []byte("not the server's"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.fill(sandbox.FillOptions{Bytes: 4 << 20, Tables: 1})
	w.settle()
	w.seed()
	w.connect()
	w.same()
	if _, err := os.Stat(filepath.Join(w.tgt.server.Datadir, "strange")); err == nil {
		t.Error("a file that is not the server's travelled")
	}
	w.cleanup()
	w.nothingLeft()
}
