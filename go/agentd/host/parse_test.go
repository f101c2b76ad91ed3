package host

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

const lvsReport = `{"report":[{"lv":[
 {"lv_name":"data","vg_name":"vg0","lv_path":"/dev/vg0/data","lv_time":"2026-11-22 16:00:00 +0000","snap_percent":"","origin":""},
 {"lv_name":"mysql-snapshot-1","vg_name":"vg0","lv_path":"/dev/vg0/mysql-snapshot-1","lv_time":"2026-11-22 17:00:00 +0000","snap_percent":"1.50","origin":"data"},
 {"lv_name":"other-snap","vg_name":"vg0","lv_path":"/dev/vg0/other-snap","lv_time":"","snap_percent":"0.00","origin":"data"}]}]}`

// lvmTools puts stand-ins for LVM's programs into PATH; what they were called with is in the returned file.
func lvmTools(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	called := filepath.Join(dir, "called")
	for name, text := range map[string]string{
		"lvs": "cat <<'X'\n" + lvsReport + "\nX\n", "blkid": "echo xfs\n", "mount": "", "umount": "", "lvremove": "",
	} {
		script := "#!/bin/sh\necho \"" + name + " $*\" >>" + called + "\n" + text
		if err := sandbox.WriteProgram(filepath.Join(dir, name), script); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return called
}

func TestOnlyVolumesThatExistAreTouchedAndOnlySnapshotsRemoved(t *testing.T) {
	called := lvmTools(t)
	mountPoint := filepath.Join(t.TempDir(), "mnt")
	h := newHost(t, Options{LVM: LVMOptions{Enabled: true, MountPoint: mountPoint, SnapshotVolumesFilter: "mysql-snapshot-"}})
	ctx := context.Background()
	for name, want := range map[string]string{"": "empty volumeName", "/dev/vg0/nosuch": "no such", "-f": "no such", "/dev/vg0/data": "not a snapshot", "other-snap": "not a snapshot"} {
		if err := h.RemoveLV(ctx, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("remove %q: %v", name, err)
		}
	}
	if err := h.RemoveLV(ctx, "/dev/vg0/mysql-snapshot-1"); err != nil {
		t.Error(err)
	}
	if m, err := h.MountLV(ctx, "vg0/mysql-snapshot-1"); err != nil || m.Path != mountPoint {
		t.Error(m, err)
	}
	if _, err := h.MountLV(ctx, "x; rm -rf /"); err == nil {
		t.Error("mounted nonsense")
	}
	if _, err := h.Unmount(ctx); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(called)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"lvremove --force vg0/mysql-snapshot-1\n", "blkid -o value -s TYPE /dev/vg0/mysql-snapshot-1\n",
		"mount -o ro,nosuid,nodev,noexec,nouuid -t xfs /dev/vg0/mysql-snapshot-1 " + mountPoint + "\n", "umount " + mountPoint + "\n"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%q was not called:\n%s", want, b)
		}
	}
	if strings.Count(string(b), "lvremove") != 1 {
		t.Error(string(b))
	}
}

func FuzzParseSystemFiles(f *testing.F) {
	for _, path := range []string{"/proc/meminfo", "/etc/os-release"} {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := parseMemTotal(s); err == nil && n < 0 {
			t.Errorf("%d bytes of memory", n)
		}
		parseOSName(s)
	})
}

func TestOSNameIsThePrettyOne(t *testing.T) {
	if got := parseOSName("NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"); got != "Debian GNU/Linux 12 (bookworm)" {
		t.Error(got)
	}
	if got := parseOSName("NAME=Alpine\nVERSION='3.20'\n"); got != "Alpine 3.20" {
		t.Error(got)
	}
}

func TestUsedSpaceCountsEachFileOnceAndFollowsTheDirectorysLink(t *testing.T) {
	dir := t.TempDir()
	real := filepath.Join(dir, "real")
	if err := os.MkdirAll(filepath.Join(real, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(real, "sub", "file")
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(file, filepath.Join(real, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	n, err := diskUsed(context.Background(), filepath.Join(dir, "data"))
	if err != nil || n < 1<<20 || n > 1<<20+100<<10 {
		t.Errorf("%d bytes, %v", n, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := diskUsed(ctx, real); err == nil {
		t.Error("walked on after the end of its time")
	}
	if free, err := diskFree(real); err != nil || free <= 0 {
		t.Error(free, err)
	}
}

func TestCallersGetTheLastValueWhileANewOneIsLookedFor(t *testing.T) {
	var looks atomic.Int64
	gate := make(chan struct{}, 10)
	c := cached[int64]{fresh: time.Hour, limit: time.Hour, find: func(ctx context.Context) (int64, error) {
		select {
		case <-gate:
			return looks.Add(1), nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}}
	life, end := context.WithCancel(context.Background())
	defer end()
	short, cancel := context.WithTimeout(life, 20*time.Millisecond)
	defer cancel()
	if _, err := c.get(life, short); err == nil {
		t.Error("a value came from nowhere")
	}
	gate <- struct{}{}
	if n, err := c.get(life, life); n != 1 || err != nil {
		t.Error(n, err)
	}
	c.forget()
	if n, err := c.get(life, life); n != 1 || err != nil { // and looks beside
		t.Error(n, err)
	}
	gate <- struct{}{}
	waitUntil(t, "the new value is there", func() bool { n, _ := c.get(life, life); return n == 2 })
}

func TestTailIsTheLastLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte(strings.Repeat("line\n", 1000)+"last"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := tailOf(path, 3, 1<<20); err != nil || got != "line\nline\nlast" {
		t.Errorf("%q %v", got, err)
	}
	if got, err := tailOf(path, 100, 8); err != nil || got != "ine\nlast" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := tailOf("/dev/zero", 3, 8); err == nil {
		t.Error("read a device")
	}
}
