package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// subvolume makes a subvolume on a Btrfs of its own, which goes with the test. LVM itself needs another kernel: script/test-lvm.
func subvolume(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	image, point := filepath.Join(dir, "image"), filepath.Join(dir, "disk")
	volume := filepath.Join(point, "volume")
	run := func(args ...string) (string, error) {
		out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		return string(out), err
	}
	for _, c := range [][]string{{"truncate", "-s", "3G", image}, {"mkfs.btrfs", "-q", image}, {"mkdir", point}, {"mount", "-o", "loop", image, point}, {"btrfs", "subvolume", "create", volume}} {
		if out, err := run(c...); err != nil {
			t.Fatalf("%v, which needs root, btrfs-progs (script/servers) and a kernel with Btrfs: %v: %s", c, err, out)
		}
	}
	t.Cleanup(func() {
		if out, err := run("btrfs", "subvolume", "list", point); err != nil || strings.Contains(out, "-seed-") {
			t.Errorf("snapshots are left: %s %v", out, err)
		}
		if out, err := run("umount", point); err != nil {
			t.Errorf("unmount the test's disk: %v: %s", err, out)
		}
	})
	return volume
}

func TestMariaDBBecomesAReplicaByASnapshotUnderWrites(t *testing.T) {
	dir := filepath.Join(subvolume(t), "server")
	physical(t, agentapi.LVM, fleet.Options{Kind: sandbox.MariaDB, Source: sandbox.Options{Dir: dir}, Fill: fill(40),
		AgentConfig: map[string]map[string]any{"lvm": {"enabled": true, "create-new-snapshot-for-seed": true}}})
}

func TestMySQL97BecomesAReplicaByASnapshotUnderWrites(t *testing.T) {
	dir := filepath.Join(subvolume(t), "server")
	physical(t, agentapi.LVM, fleet.Options{Kind: sandbox.MySQL97, Source: sandbox.Options{Dir: dir}, Fill: fill(40),
		AgentConfig: map[string]map[string]any{"lvm": {"enabled": true, "create-new-snapshot-for-seed": true}}})
}
