package lvm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
)

// commands answer as the machine did on which testdata was recorded, and keep what was asked of them.
type commands struct {
	t      *testing.T
	lvs    string
	fail   map[string]error
	called []string
}

func (c *commands) Output(_ context.Context, _ time.Duration, args ...string) (string, error) {
	c.called = append(c.called, strings.Join(args, " "))
	if err := c.fail[args[0]]; err != nil {
		return "", err
	}
	switch args[0] {
	case "lvs":
		return read(c.t, c.lvs), nil
	case "blkid":
		return "xfs\n", nil
	}
	return "", nil
}

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func world(t *testing.T) (*LVM, *commands) {
	c := &commands{t: t, lvs: "lvs-seconds.json", fail: map[string]error{}}
	mounts := snapshot.ParseMounts(read(t, "mountinfo.txt"))
	return New(Options{Commands: c, Filter: "-snapshot-", Mounts: func() ([]snapshot.Mount, error) { return mounts, nil }}), c
}

func TestReportOfEveryKindOfVolumeIsRead(t *testing.T) {
	volumes, err := parseReport(read(t, "lvs-seconds.json"))
	if err != nil || len(volumes) != 12 {
		t.Fatal(len(volumes), err)
	}
	by := map[string]volume{}
	for _, v := range volumes {
		by[v.Name] = v
	}
	if v := by["mysql-snapshot-1"]; v.Origin != "mysql" || v.Percent != 75.34 || v.Device != "253:9" || v.Size != 40<<20 || v.GroupFree != 943718400 || v.Created.Unix() != 1795381770 || v.invalid() {
		t.Errorf("%+v", v)
	}
	if v := by["mysql-full"]; !v.invalid() || v.Percent != 100 {
		t.Errorf("%+v", v)
	}
	if v := by["thin-inactive"]; v.Device != "" || !v.thin() || !v.snapshot() {
		t.Errorf("%+v", v)
	}
	if v := by["pool"]; v.Path != "" || v.Percent != 42.28 || v.MetaPercent != 11.91 || v.failed() {
		t.Errorf("%+v", v)
	}
	all, err := parseReport(read(t, "lvs-all.json"))
	if err != nil || len(all) != 15 || all[0].Created.Format(time.DateTime) != "2026-11-22 21:09:24" {
		t.Error(len(all), err)
	}
	odd, err := parseReport(read(t, "lvs-warnings.json"))
	if err != nil || len(odd) != 1 || !odd[0].failed() || odd[0].Size != 400<<20 {
		t.Error(odd, err)
	}
}

func TestWhatIsNoReportIsAnError(t *testing.T) {
	for _, text := range []string{"", "{}", "  No volume groups found\n", `{"report":[{"lv":[{"lv_name":""}]}]}`, `{"report":[{"lv":[`, `{"report":[{"lv":[{"lv_name":3}]}]}`} {
		if v, err := parseReport(text); err == nil {
			t.Errorf("%q gave %v", text, v)
		}
	}
	if v, err := parseReport(`{"report":[{"lv":[]}]}`); err != nil || len(v) != 0 {
		t.Error("a machine without volumes is no error", v, err)
	}
}

func FuzzParseReport(f *testing.F) {
	for _, name := range []string{"lvs-seconds.json", "lvs-all.json", "lvs-warnings.json", "vgs.json", "lvdisplay.txt", "blkid.txt"} {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, text string) {
		volumes, err := parseReport(text)
		if err == nil && volumes == nil {
			t.Error("nothing without an error")
		}
		for _, v := range volumes {
			if v.Size < 0 || v.Percent < 0 {
				t.Errorf("%+v", v)
			}
			v.invalid()
			v.failed()
		}
	})
}

func TestDataDirectoryIsFoundOnItsVolumeByDeviceNumber(t *testing.T) {
	l, _ := world(t)
	v, err := l.Find(t.Context(), []string{"/m/xfs/data"})
	if err != nil || v.String() != "vg0/mysql" || v.FileSystem != "xfs" || v.Thin || v.Inside[0] != "/data" || v.Free != 943718400 {
		t.Errorf("%+v %v", v, err)
	}
	if v, err := l.Find(t.Context(), []string{"/m/thin"}); err != nil || !v.Thin {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := l.Find(t.Context(), []string{"/var/lib/mysql"}); !errors.Is(err, snapshot.ErrNotHere) {
		t.Error(err)
	}
	if _, err := l.Find(t.Context(), []string{"/m/xfs/data", "/m/ext/redo"}); err == nil || errors.Is(err, snapshot.ErrNotHere) {
		t.Error(err)
	}
}

func TestSnapshotIsAsLargeAsItMayBecomeAndLeavesRoomInTheGroup(t *testing.T) {
	l, _ := world(t)
	for _, c := range []struct{ size, free, want int64 }{
		{400 << 20, 4 << 30, 436 << 20}, // all of it can change
		{10 << 30, 1 << 30, 920 << 20},  // nine tenths of what is free
		{400 << 20, 36 << 20, 32 << 20},
	} {
		s, err := l.Plan(snapshot.Volume{Group: "vg0", Name: "mysql", Size: c.size, Free: c.free}, 7, "ab")
		if err != nil || s.Size != c.want || s.Name != "mysql-snapshot-seed-7-ab" || s.Path != "/dev/vg0/mysql-snapshot-seed-7-ab" || !s.Made {
			t.Errorf("%+v: %+v %v", c, s, err)
		}
	}
	for _, free := range []int64{0, 20 << 20} {
		if _, err := l.Plan(snapshot.Volume{Group: "vg0", Name: "mysql", Size: 1 << 30, Free: free}, 7, "ab"); !errors.Is(err, snapshot.ErrNoRoom) {
			t.Error(err)
		}
	}
	if s, err := l.Plan(snapshot.Volume{Group: "vg0", Name: "thin", Thin: true}, 7, "ab"); err != nil || s.Size != 0 {
		t.Error(s, err)
	}
}

func TestCommandsAreTheRightOnes(t *testing.T) {
	l, c := world(t)
	point := filepath.Join(t.TempDir(), "mnt")
	s := snapshot.Snapshot{Group: "vg0", Name: "mysql-snapshot-1", Path: "/dev/vg0/mysql-snapshot-1", Origin: "mysql", Size: 40 << 20, FileSystem: "xfs", Made: true}
	thin := snapshot.Snapshot{Group: "vg0", Name: "thin-snap", Path: "/dev/vg0/thin-snap", Origin: "thin", Thin: true, FileSystem: "xfs"}
	ext := snapshot.Snapshot{Group: "vg0", Name: "e", Path: "/dev/vg0/e", FileSystem: "ext4"}
	for _, f := range []func() error{
		func() error { return l.Create(t.Context(), s) },
		func() error { return l.Create(t.Context(), thin) },
		func() error { _, err := l.Mount(t.Context(), s, point); return err },
		func() error { _, err := l.Mount(t.Context(), thin, point); return err },
		func() error { _, err := l.Mount(t.Context(), ext, point); return err },
		func() error { return l.Remove(t.Context(), s) },
	} {
		if err := f(); err != nil {
			t.Error(err)
		}
	}
	said := strings.Join(c.called, "\n")
	for _, want := range []string{
		"lvcreate --snapshot --name mysql-snapshot-1 --size 41943040b vg0/mysql", "lvcreate --snapshot --name thin-snap --setactivationskip n vg0/thin",
		"mount -o ro,nosuid,nodev,noexec,nouuid -t xfs /dev/vg0/mysql-snapshot-1 " + point, "lvchange --activate y --ignoreactivationskip vg0/thin-snap",
		"mount -o ro,nosuid,nodev,noexec -t ext4 /dev/vg0/e " + point, "lvremove --force vg0/mysql-snapshot-1",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q was not called:\n%s", want, said)
		}
	}
}

func TestOnlyASnapshotThatWasMadeHereIsRemoved(t *testing.T) {
	l, c := world(t)
	for _, s := range []snapshot.Snapshot{
		{Group: "vg0", Name: "mysql-snapshot-1", Origin: "mysql"},                            // the operator's
		{Group: "vg0", Name: "mysql-snapshot-1", Origin: "ext", Made: true},                  // of another volume
		{Group: "vg0", Name: "mysql", Origin: "", Made: true, Path: "/dev/vg0/mysql-x"},      // no snapshot
		{Group: "vg0", Name: "mysql-snapshot-seed-1-ab", Origin: "mysql", Made: true},        // gone
		{Group: "vg1", Name: "mysql-snapshot-1", Origin: "mysql", Made: true, Path: "/dev/"}, // in another group
	} {
		if s.Name == "mysql" {
			s.Origin = "nothing"
		}
		if err := l.Remove(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	if said := strings.Join(c.called, "\n"); strings.Contains(said, "lvremove") {
		t.Error(said)
	}
	c.fail["lvremove"] = errors.New("in use")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Remove(ctx, snapshot.Snapshot{Group: "vg0", Name: "mysql-snapshot-1", Origin: "mysql", Made: true}); err == nil {
		t.Error("a snapshot that stays is an error")
	}
}

func TestNewestWholeSnapshotOfTheVolumeIsChosen(t *testing.T) {
	l, _ := world(t)
	s, err := l.Newest(t.Context(), snapshot.Volume{Group: "vg0", Name: "mysql", Inside: []string{"/data"}})
	if err != nil || s.Name != "mysql-snapshot-1" || s.Made || s.Inside[0] != "/data" {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := l.Newest(t.Context(), snapshot.Volume{Group: "vg0", Name: "odd+name.x"}); !errors.Is(err, snapshot.ErrNone) {
		t.Error(err)
	}
	l.o.Filter = "mysql-" // full ones are left out
	if s, err := l.Newest(t.Context(), snapshot.Volume{Group: "vg0", Name: "mysql"}); err != nil || s.Name != "mysql-snapshot-1" {
		t.Errorf("%+v %v", s, err)
	}
}

func TestSnapshotThatIsFullOrGoneIsNoticed(t *testing.T) {
	l, c := world(t)
	check := func(name, origin string) (float64, error) {
		return l.Check(t.Context(), snapshot.Snapshot{Group: "vg0", Name: name, Origin: origin})
	}
	if full, err := check("mysql-snapshot-1", "mysql"); err != nil || full != 75.34 {
		t.Error(full, err)
	}
	if _, err := check("mysql-full", "mysql"); !errors.Is(err, snapshot.ErrFull) {
		t.Error(err)
	}
	if full, err := check("thin-snap", "thin"); err != nil || full != 42.28 {
		t.Error("of a thin snapshot the pool counts", full, err)
	}
	if _, err := check("gone", "mysql"); !errors.Is(err, snapshot.ErrNone) {
		t.Error(err)
	}
	c.fail["lvs"] = errors.New("no")
	if _, err := check("mysql-snapshot-1", "mysql"); err == nil || errors.Is(err, snapshot.ErrNone) {
		t.Error(err)
	}
}

func TestFullPoolIsAFullSnapshot(t *testing.T) {
	volumes := []volume{{Name: "pool", Group: "vg0", Percent: 99, Attr: "twi-aotz--"}}
	v := volume{Name: "s", Group: "vg0", Pool: "pool", Origin: "thin"}
	if _, err := checkPool(volumes, v); err != nil {
		t.Error(err)
	}
	for what, p := range map[string]volume{"data": {Percent: 100}, "metadata": {MetaPercent: 100}, "no room": {Attr: "twi-aotzD-"}} {
		p.Name, p.Group = "pool", "vg0"
		if _, err := checkPool([]volume{p}, v); !errors.Is(err, snapshot.ErrFull) {
			t.Error(what, err)
		}
	}
}

func TestMountPointThatIsInUseIsLeftAlone(t *testing.T) {
	l, c := world(t)
	s := snapshot.Snapshot{Group: "vg0", Name: "thin", Path: "/dev/vg0/thin", FileSystem: "xfs"}
	if _, err := l.Mount(t.Context(), s, "/m/ext"); !errors.Is(err, snapshot.ErrBusy) {
		t.Error(err)
	}
	if root, err := l.Mount(t.Context(), s, "/m/thin"); err != nil || root != "/m/thin" {
		t.Error("what is mounted already was not taken", root, err)
	}
	s.MountPoint = "/m/ext"
	if err := l.Unmount(t.Context(), s); err != nil {
		t.Error(err)
	}
	if said := strings.Join(c.called, "\n"); strings.Contains(said, "mount") {
		t.Error(said)
	}
	s.MountPoint = "/m/thin"
	if err := l.Unmount(t.Context(), s); err != nil || c.called[len(c.called)-1] != "umount /m/thin" {
		t.Error(c.called, err)
	}
}

func TestDeviceIsKnownByBothItsNames(t *testing.T) {
	if got := mapperName("/dev/vg0/mysql-snapshot-1"); got != "/dev/mapper/vg0-mysql--snapshot--1" {
		t.Error(got)
	}
	if !sameDevice("/dev/my-vg/a-b", "/dev/mapper/my--vg-a--b") || sameDevice("/dev/vg0/a", "/dev/mapper/vg0-b") {
		t.Error("devices are confused")
	}
}

func ExampleLVM_Plan() {
	s, _ := New(Options{}).Plan(snapshot.Volume{Group: "vg0", Name: "mysql", Size: 1 << 30, Free: 1 << 40}, 12, "9f31")
	fmt.Println(s)
	// Output: vg0/mysql-snapshot-seed-12-9f31
}
