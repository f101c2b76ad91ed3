package lvm_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// breakOff runs an attempt that ends when some of the copy has arrived: the target's agent is gone.
func (w *world) breakOff(after int64) {
	w.t.Helper()
	w.src.run.SetLimit(16 << 20)
	w.tgt.run.OnProgress = func(p agentapi.Progress) {
		if p.Bytes > after {
			go w.tgt.run.EndBackground()
		}
	}
	w.prepare()
	if source, target := w.backup(); source == nil || target == nil {
		w.t.Fatalf("backup was to fail: source %v, target %v", source, target)
	}
	w.src.run.SetLimit(0)
	w.tgt.run.OnProgress = nil
}

func TestNextAttemptGoesOnWhereTheCopyWasBrokenOff(t *testing.T) {
	w := newWorld(t, options{})
	w.fill(sandbox.FillOptions{Bytes: 24 << 20, Tables: 3})
	w.settle()
	w.breakOff(60 << 20)
	w.exec(w.src.server, "CREATE TABLE sbtest.since (a INT PRIMARY KEY)")
	w.src.work.Attempt++
	w.tgt.work.Attempt++
	w.seed()
	said := w.src.run.Text()
	for _, want := range []string{"of the earlier attempt serves again", "the copy goes on where the earlier attempt ended"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q was not said:\n%s", want, said)
		}
	}
	w.connect()
	w.same()
	w.cleanup()
	w.nothingLeft()
}

func TestAttemptWithAnotherSnapshotTakesNothingOfTheEarlierOne(t *testing.T) {
	w := newWorld(t, options{})
	w.fill(sandbox.FillOptions{Bytes: 24 << 20, Tables: 3})
	w.settle()
	w.breakOff(60 << 20)
	w.must(w.src, "release", w.src.m.Release) // the snapshot is gone, the target's files are there
	w.exec(w.src.server, "DROP TABLE sbtest.sbtest1", "CREATE TABLE sbtest.since (a INT PRIMARY KEY)")
	w.seed()
	if said := w.src.run.Text(); strings.Contains(said, "goes on where") {
		t.Error(said)
	}
	w.connect()
	w.same()
	w.cleanup()
	w.nothingLeft()
}

func TestFilesOfTheEarlierAttemptThatWereChangedSinceAreSentAgain(t *testing.T) {
	w := newWorld(t, options{})
	w.fill(sandbox.FillOptions{Bytes: 24 << 20, Tables: 3})
	w.settle()
	w.breakOff(60 << 20)
	place, err := w.tgt.keeper.Place(w.tgt.work)
	if err == nil {
		err = damage(place.Receive)
	}
	if err = errors.Join(err); err != nil {
		t.Fatal(err)
	}
	w.seed()
	w.connect()
	w.same()
	w.cleanup()
	w.nothingLeft()
}

// damage changes a byte in every file of a directory.
func damage(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil || len(b) == 0 {
			return err
		}
		b[len(b)/2] ^= 1
		return os.WriteFile(path, b, 0o600)
	})
}
