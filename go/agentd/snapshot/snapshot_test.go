package snapshot

import (
	"os"
	"strings"
	"testing"
)

const mountinfo = `26 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 26 253:0 / /var/lib/mysql rw,relatime shared:7 master:2 - xfs /dev/mapper/vg0-mysql rw,attr2,inode64
32 26 253:1 / /redo rw,relatime - ext4 /dev/mapper/vg0-redo rw
33 26 253:0 /sub/dir /bound\040here rw,relatime - xfs /dev/mapper/vg0-mysql rw
34 31 253:2 / /var/lib/mysql/big rw - xfs /dev/sdb rw
35 26 0:39 /@data /srv/b rw,relatime - btrfs /dev/loop0 rw,subvol=/@data
broken line
36 26 253:9 / /redo rw - ext4 /dev/over rw
`

func TestDirectoriesAreFoundOnTheirOneVolume(t *testing.T) {
	mounts := ParseMounts(mountinfo)
	m, inside, err := On(mounts, []string{"/bound here/data", "/bound here/redo"})
	if err != nil || m.Source != "/dev/mapper/vg0-mysql" || strings.Join(inside, " ") != "/sub/dir/data /sub/dir/redo" {
		t.Error(m, inside, err)
	}
	m, inside, err = On(mounts, []string{"/srv/b/mysql"})
	if err != nil || m.FileSystem != "btrfs" || inside[0] != "/@data/mysql" {
		t.Error(m, inside, err)
	}
	if m, _, err := On(mounts, []string{"/redo"}); err != nil || m.Source != "/dev/over" {
		t.Error("the mount below the last was found", m, err)
	}
}

func TestDirectoriesThatOneSnapshotCannotHoldAreRefused(t *testing.T) {
	mounts := ParseMounts(mountinfo)
	for what, dirs := range map[string][]string{
		"/var/lib/mysql/db lies on /var/lib/mysql and /redo/x on /redo":   {"/var/lib/mysql/db", "/redo/x"},
		"/var/lib/mysql/big is a mount point inside of /var/lib/mysql":    {"/var/lib/mysql"},
		"/data lies on / and /var/lib/mysql/db on /var/lib/mysql: one sn": {"/data", "/var/lib/mysql/db"},
	} {
		if _, _, err := On(mounts, dirs); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v: %v", dirs, err)
		}
	}
}

func TestNamesOfSnapshotsCarryTheFilterAndNothingThatAVolumeMayNotHave(t *testing.T) {
	if got := NameFor("mysql", "-my-snapshot-", 12, "ab"); got != "mysql-my-snapshot-seed-12-ab" {
		t.Error(got)
	}
	if got := NameFor("mysql", "mine; rm/ü", 12, "ab"); got != "mysql-minerm-seed-12-ab" {
		t.Error(got)
	}
}

func TestOnlyWhatIsMountedOnAPointItselfCounts(t *testing.T) {
	mounts := ParseMounts(mountinfo)
	if m, found := At(mounts, "/bound here/"); !found || m.Device != "253:0" {
		t.Error(m, found)
	}
	if m, found := At(mounts, "/bound here/x"); found {
		t.Error(m)
	}
}

func FuzzParseMounts(f *testing.F) {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(b), "/")
	f.Add(mountinfo, "/var/lib/mysql")
	f.Fuzz(func(t *testing.T, text, path string) {
		mounts := ParseMounts(text)
		if m, found := Find(mounts, path); found && m.Point != path && !below(path, m.Point) {
			t.Error(m, path)
		}
		_, _, _ = On(mounts, []string{path, "/"})
	})
}
