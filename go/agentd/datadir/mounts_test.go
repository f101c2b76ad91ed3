package datadir

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// mountIn mounts a file system of its own on a directory.
func mountIn(t *testing.T, dir string) {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o750))
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatalf("this test mounts, and needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	must(t, os.Chown(dir, 4711, 4712))
}

func TestSeparateDirectoryThatIsMountedWithinTheDataDirectory(t *testing.T) {
	d := newWorld(t, true)
	relays := filepath.Join(d.data, "relays")
	mountIn(t, relays)
	put(t, filepath.Join(relays, "relay.000001"), "old")
	put(t, filepath.Join(relays, "lost+found", "piece"), "the file system's")
	old := d.tree()
	d.must("begin", "receive", "swap")
	if exists(filepath.Join(relays, "relay.000001")) {
		t.Error("the new server has the old relay logs")
	}
	d.must("putback")
	same(t, "put back", d.tree(), old)
	d.must(forward...)
	if b, err := os.ReadFile(filepath.Join(d.data, "ibdata1")); err != nil || string(b) != "new" || !exists(filepath.Join(relays, "lost+found", "piece")) {
		t.Error(string(b), err)
	}
	for path := range d.tree() {
		if strings.Contains(path, ".seed-") {
			t.Error("left over:", path)
		}
	}
}

func TestMountThatNobodyNamesIsRefused(t *testing.T) {
	d := newWorld(t, true)
	mountIn(t, filepath.Join(d.data, "bigschema"))
	old := d.tree()
	_, err := d.k.Begin(context.Background(), d.work(), 0)
	refused(t, d, err, "datadir-unsupported", old)
}

func TestContainerWithAMountInItIsNotRemoved(t *testing.T) {
	path := filepath.Join(fastDir(t), "mysql.seed-7.old")
	mountIn(t, filepath.Join(path, "inner"))
	file := filepath.Join(path, "inner", "file")
	put(t, file, "x")
	if err := removeTree(disk{}, path); err == nil || !exists(file) {
		t.Error(err)
	}
}

func TestNewDataHasTheOldOnesLabel(t *testing.T) {
	d := newWorld(t, true)
	const want = "system_u:object_r:mysqld_db_t:s0\x00"
	if err := unix.Lsetxattr(d.data, selinux, []byte(want), 0); errors.Is(err, unix.EOPNOTSUPP) {
		t.Fatal("the file system of /dev/shm has no such attributes")
	} else if err != nil {
		t.Fatal(err)
	}
	d.must("begin", "receive", "swap")
	for _, path := range []string{"", "mysql", "app2/u.ibd"} {
		if got := string(label(filepath.Join(d.data, path))); got != want {
			t.Errorf("%q: %q", path, got)
		}
	}
}

func TestProcessThatHasTheDataOpenIsFound(t *testing.T) {
	d := newWorld(t, true)
	d.must("begin", "receive")
	p, err := recall(d.work())
	must(t, err)
	if who, err := holder(p); who != "" || err != nil {
		t.Fatal(who, err)
	}
	for _, path := range []string{"lib/mysql/app/t.ibd", "redo/ib_logfile0"} {
		f, err := os.OpenFile(filepath.Join(d.root, path), os.O_RDWR, 0)
		must(t, err)
		c := exec.Command("sleep", "60")
		c.ExtraFiles = []*os.File{f}
		must(t, c.Start())
		f.Close()
		who, err := holder(p)
		if err != nil || !strings.Contains(who, filepath.Base(path)) {
			t.Errorf("%s: %q %v", path, who, err)
		}
		var e *method.StageError
		d.k.holder, d.k.quiet = holder, 1
		if err := d.k.Swap(context.Background(), d.work()); !errors.As(err, &e) || e.Code != "datadir-busy" {
			t.Error(err)
		}
		must(t, c.Process.Kill())
		_ = c.Wait()
	}
	f, err := os.Open(filepath.Join(d.root, "redo/ib_logfile0")) // a reader is no server
	must(t, err)
	defer f.Close()
	c := exec.Command("sleep", "60")
	c.ExtraFiles = []*os.File{f}
	must(t, c.Start())
	defer c.Wait()
	defer c.Process.Kill()
	if who, err := holder(p); who != "" || err != nil {
		t.Error(who, err)
	}
}
