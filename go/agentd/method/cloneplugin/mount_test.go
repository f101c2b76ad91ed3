package cloneplugin_test

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/cloneplugin"
)

func TestDataDirectoryThatIsAMountPointIsClonedOverOnlyIfAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	if err := w.target.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir := w.target.Datadir
	if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
		t.Fatalf("this test needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := errors.Join(w.target.Kill(), unix.Unmount(dir, 0)); err != nil {
			t.Error(err)
		}
	})
	if err := w.target.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	check := w.untouched()
	w.source.prepare()
	w.target.failing("prepare", w.target.method.Prepare, cloneplugin.CodeDirectory)
	w.source.release()
	w.target.release()
	check()
	w.target.opts.AllowErase = true
	w.target.remake()
	w.seed()
	w.connect()
	w.target.cleanup()
	w.source.cleanup()
	w.same()
	w.nothingLeft()
}
