package datadir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// refused wants a StageError of that code, and the host as it was.
func refused(t *testing.T, d *world, err error, code string, old map[string]string) {
	t.Helper()
	var e *method.StageError
	if !errors.As(err, &e) || e.Code != code || e.Hint == "" {
		t.Errorf("%v %+v", err, e)
	}
	same(t, code, d.tree(), old)
	if !d.running {
		t.Error("the server was stopped")
	}
}

func TestDataThatDoesNotFitBesideTheOldIsRefusedWithoutAllowErase(t *testing.T) {
	d := newWorld(t, true)
	old := d.tree()
	d.k.o.AllowErase = false
	d.free = 1 << 30
	_, err := d.k.Begin(context.Background(), d.work(), 1<<30)
	refused(t, d, err, "datadir-no-room", old)
	d.k.o.AllowErase = true
	_, err = d.k.Begin(context.Background(), d.work(), 1<<40)
	refused(t, d, err, "datadir-no-room", old)
	d.free = 1<<30 + 1<<30/50 + margin
	if place, err := d.k.Begin(context.Background(), d.work(), 1<<30); err != nil || !place.Keeps {
		t.Error(place, err)
	}
}

func TestErasedDataLeavesTheTargetPlainlyMarkedEmpty(t *testing.T) {
	variants(t, func(t *testing.T, whole bool) {
		for at := 0; ; at++ {
			d := newWorld(t, whole)
			kept := d.tree()
			d.free = margin + 1<<20 + 1<<20/50 - 1
			d.dieAt = at
			_, err := d.does("begin")
			finished := at > 0 && err == nil
			d.revive()
			d.free = margin + 1<<20 + 1<<20/50 - 1
			p, rerr := recall(d.work())
			if rerr != nil {
				t.Fatal(rerr)
			}
			if p == nil || !p.Erased || !exists(filepath.Join(d.data, erasedMarker)) {
				d.must("putback")
				if at > 0 {
					same(t, fmt.Sprintf("died at %d, nothing erased", at), d.tree(), kept)
				}
				if !d.running {
					t.Error("not started")
				}
				d.must(forward...)
			} else {
				d.must("putback", "putback")
				d.marked(at)
				d.must("begin", "receive")
				place, err := d.k.Place(d.work())
				if err != nil || place.Keeps {
					t.Error(place, err)
				}
				d.must("swap", "putback") // the new is refused by somebody
				d.marked(at)
				if said := d.run.OldDataSaid(); said[len(said)-1] != agentapi.OldDataErased || slices.Contains(said, agentapi.OldDataAside) {
					t.Error(said)
				}
				d.must(forward...)
				if exists(filepath.Join(d.data, erasedMarker)) || !d.running {
					t.Error("marked as erased, with new data")
				}
			}
			os.RemoveAll(d.root)
			if t.Failed() || finished {
				t.Logf("%d steps", at)
				return
			}
		}
	})
}

func (d *world) marked(at int) {
	d.t.Helper()
	var left []string
	for path := range d.tree() {
		left = append(left, path)
	}
	slices.Sort(left)
	all := strings.Join(left, " ")
	if d.running || !strings.Contains(all, "/lib/mysql/"+erasedMarker) || strings.Contains(all, ".seed-") || strings.Contains(all, "ibdata1") || strings.Contains(all, "app/t.ibd") || strings.Contains(all, "undo001") {
		d.t.Errorf("died at %d: running %v, left %q", at, d.running, left)
	}
	for _, path := range []string{"ssd/app/other.ibd", "redo/note.txt", "lib/mysql/auto.cnf", "log/error.log"} {
		if !exists(filepath.Join(d.root, path)) {
			d.t.Errorf("died at %d: %s is gone", at, path)
		}
	}
}

func TestWhatWasReceivedIsRefusedWhileTheOldDataIsInPlace(t *testing.T) {
	for name, spoil := range map[string]func(r string) error{
		"nothing was received":         func(r string) error { return os.RemoveAll(filepath.Join(r, "mysql")) },
		"no system tablespace":         func(r string) error { return os.Remove(filepath.Join(r, "ibdata1")) },
		"one that the target lacks":    func(r string) error { return os.WriteFile(filepath.Join(r, "ibdata2"), nil, 0o600) },
		"a link that leads out":        func(r string) error { return os.Symlink("/etc", filepath.Join(r, "app3")) },
		"a tablespace that is missing": func(r string) error { return os.Remove(filepath.Join(r, "app/x.ibd")) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newWorld(t, true)
			old := d.tree()
			d.must("begin", "receive")
			if err := spoil(d.data + ".seed-7.new"); err != nil {
				t.Fatal(err)
			}
			_, err := d.does("swap")
			d.must("putback")
			refused(t, d, err, "new-data-unfit", old)
		})
	}
}

// noMkdir are the files of an agent that may not write where the data is.
type noMkdir struct{ files }

func (noMkdir) Mkdir(path string, _ fs.FileMode, _, _ int) error {
	return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.EROFS}
}

func TestAgentThatMayNotWriteThereIsRefusedBeforeAnythingChanges(t *testing.T) {
	variants(t, func(t *testing.T, whole bool) {
		for _, free := range []int64{1 << 50, margin + 1<<20 + 1<<20/50 - 1} { // to be kept, to be erased
			d := newWorld(t, whole)
			old := d.tree()
			d.free = free
			d.k.files = noMkdir{d.k.files}
			_, err := d.does("begin")
			d.must("putback")
			refused(t, d, err, "datadir-access", old)
			d.k.files = &mortal{d}
			d.must("begin", "receive", "swap", "putback")
		}
	})
}

func TestVerbsOfASeedThatNeverBegan(t *testing.T) {
	d := newWorld(t, true)
	old := d.tree()
	d.must("putback", "putback")
	for _, verb := range []string{"swap", "drop"} {
		var e *method.StageError
		if _, err := d.does(verb); !errors.As(err, &e) || e.Code != "datadir-not-prepared" {
			t.Error(verb, err)
		}
	}
	same(t, "nothing was done", d.tree(), old)
}

func TestOldDataThatSomebodyTookAwayKeepsTheNewInPlace(t *testing.T) {
	d := newWorld(t, true)
	d.must("begin", "receive", "swap")
	tree := d.tree()
	if err := os.Rename(d.data+".seed-7.old", filepath.Join(d.root, "somewhere")); err != nil {
		t.Fatal(err)
	}
	var e *method.StageError
	if err := d.k.PutBack(context.Background(), d.work()); !errors.As(err, &e) || e.Code != "old-data-missing" {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(d.root, "somewhere"), d.data+".seed-7.old"); err != nil {
		t.Fatal(err)
	}
	same(t, "the new data", d.tree(), tree)
}

func TestHostWithoutADataDirectoryGetsOne(t *testing.T) {
	d := newWorld(t, true)
	d.running = false
	if err := os.RemoveAll(d.data); err != nil {
		t.Fatal(err)
	}
	old := d.tree()
	d.must("begin", "receive", "swap", "putback")
	same(t, "put back", d.tree(), old)
	if d.running {
		t.Error("the server was started on nothing")
	}
	d.must(forward...)
	if !d.running {
		t.Error("the server does not run")
	}
	if said := d.run.OldDataSaid(); len(said) > 0 {
		t.Error(said)
	}
}

func TestContainersOnlyAreRemoved(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"mysql", "mysql.seed-.old", "mysql.seed-7.older", "seed-7.old.d"} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := removeTree(disk{}, path); err == nil || !exists(path) {
			t.Error(name, err)
		}
	}
	if err := removeTree(disk{}, "/proc/x.seed-7.old"); err != nil {
		t.Error(err)
	}
}

func TestRenameNeverReplaces(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	put(t, a, "a")
	put(t, b, "b")
	if err := (disk{}).Rename(a, b); !errors.Is(err, os.ErrExist) {
		t.Error(err)
	}
	if text, err := os.ReadFile(b); err != nil || string(text) != "b" {
		t.Error(string(text), err)
	}
}
