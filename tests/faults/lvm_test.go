package faults

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// lvmKit is the method LVM, with Btrfs as the source's file system.
func lvmKit() *kit {
	return &kit{
		method: agentapi.LVM, kind: sandbox.MariaDB, physical: true, startCode: "mysql-start-failed", ignoreLost: []string{"ignore_db_dirs=lost+found"}, sends: true, line: true, locks: agentapi.Prepare, resumes: true, roomless: true,
		fleet: func(o *fleet.Options) { o.AgentConfig["lvm"]["create-new-snapshot-for-seed"] = true },
		fill: func(f *sandbox.FillOptions) {
			if f.Bytes == 0 {
				f.Bytes, f.Logged = 8<<20, true
			}
		},
		setUp: onBtrfs, left: (*world).leftSnapshots,
		holds: []hold{heldPrepare(), heldFiles(), heldStop(), heldStart(), heldCatchUp(oldData), heldCleanup()},
		serverKills: map[agentapi.Side][]agentapi.Stage{
			agentapi.Source: {agentapi.Backup, agentapi.Restore, agentapi.ConnectSlave},
			agentapi.Target: {agentapi.Backup, agentapi.Restore, agentapi.ConnectSlave},
		},
		without: map[int]string{9: noFileTools, 10: noFileTools, 11: noFileTools},
		telling: lvmTelling, more: func(k *kit) []faultCase { return append(snapshotHeld(k), snapshotLost(k)...) },
	}
}

const noFileTools = "the agents carry the files themselves: there is no program that could lie"

// lvmTelling is the selection for every change.
func lvmTelling(c faultCase) bool {
	stage := agentapi.Stage(c.stage)
	switch c.fault {
	case 5:
		return (stage == agentapi.Backup || c.where == "the snapshot was made") && c.what == "kill -9 of the agent while the stage runs, then started again"
	case 7:
		return c.where == "MySQL is started on the new data" && c.side == "target"
	case 14:
		return true
	case 38:
		return c.end.none
	case 23:
		return c.side == "-" && stage == agentapi.Backup
	}
	return false
}

// onBtrfs puts the source's server into a subvolume of a Btrfs of its own, until the end of the case.
func onBtrfs(w *world, o *fleet.Options) {
	w.t.Helper()
	image, point := o.Dir+"-image", filepath.Join(o.Dir, "source-disk")
	o.Source.Dir = filepath.Join(point, "volume", "server")
	for _, c := range [][]string{{"truncate", "-s", "2G", image}, {"mkfs.btrfs", "-q", image}, {"mkdir", "-p", point}, {"mount", "-o", "loop", image, point},
		{"btrfs", "subvolume", "create", filepath.Join(point, "volume")}} {
		if out, err := exec.CommandContext(w.ctx, c[0], c[1:]...).CombinedOutput(); err != nil {
			w.t.Fatalf("%v, which needs root, btrfs-progs (script/servers) and a kernel with Btrfs: %v: %s", c, err, out)
		}
		if c[0] == "mount" {
			w.t.Cleanup(func() {
				if out, err := exec.Command("umount", point).CombinedOutput(); err != nil {
					w.t.Errorf("unmount the source's disk: %v: %s", err, out)
				}
			})
		}
	}
}

// leftSnapshots: the source's Btrfs holds its one subvolume.
func (w *world) leftSnapshots() error {
	out, err := exec.CommandContext(w.ctx, "btrfs", "subvolume", "list", filepath.Join(w.f.Dir, "source-disk")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("list subvolumes: %w: %s", err, out)
	}
	if n := strings.Count(string(out), "\n"); n != 1 {
		return fmt.Errorf("%d subvolumes: %s", n, out)
	}
	return nil
}

// heldSnapshot holds Prepare on the source when the snapshot was just made, while commits are still held.
func heldSnapshot() hold {
	h := heldTool(agentapi.Prepare, agentapi.Source, "btrfs", `case "$*" in "subvolume snapshot "*) "$real" "$@" || exit; gate;; *) exec "$real" "$@";; esac`)
	h.where = "the snapshot was made"
	return h
}

// snapshotHeld are the faults while the snapshot is made: what makes it is never ended half way.
func snapshotHeld(k *kit) []faultCase {
	h := heldSnapshot()
	gone := aborted(agentapi.Prepare, oldData)
	return []faultCase{
		k.held(h, faultCase{fault: 5, what: "kill -9 of the agent while the stage runs, then started again", side: "source", end: completed, do: func(w *world) {
			open := h.until(w)
			w.must(w.f.Source.Kill())
			w.restart(agentapi.Source)
			open()
			w.end()
		}}),
		k.held(h, faultCase{fault: 7, what: "the host is restarted", side: "source", end: completed, do: func(w *world) {
			w.killServer(agentapi.Source)
			w.rereadSource()
			open := h.until(w)
			w.hostDown(agentapi.Source)
			w.must(w.f.Source.Server.Restart(w.ctx))
			w.rereadSource()
			w.restart(agentapi.Source)
			open()
			w.end()
		}}),
		k.held(h, faultCase{fault: 18, what: "the program that makes the snapshot hangs", side: "source", fleet: stale, end: ending{stage: agentapi.Prepare, code: "no-progress",
			text: "^Prepare has not ended within SeedBackupStaleFailMinutes", data: oldData}, do: func(w *world) {
			open := h.until(w)
			w.end()
			open()
		}}),
		k.held(h, faultCase{fault: 8, what: "kill -9 of mysqld, then started again", side: "source", end: completed, do: func(w *world) {
			w.killServer(agentapi.Source)
			w.rereadSource()
			open := h.until(w)
			w.killServer(agentapi.Source)
			w.rereadSource()
			open()
			w.end()
		}}),
		k.held(h, faultCase{fault: 23, what: "abort", side: "-", end: gone, do: func(w *world) {
			open := h.until(w)
			w.must(w.abort(false))
			if s := w.details(); s.Status != agentapi.Aborting {
				w.t.Errorf("while the snapshot is made the seed is %s in %s after an abort", s.Status, s.Stage)
			}
			open()
			w.end()
		}}),
		k.held(h, faultCase{fault: 23, what: "abort with the agent dead, then with --force", side: "source", end: forced(agentapi.Prepare, oldData), do: func(w *world) {
			open := h.until(w)
			w.must(w.f.Source.Kill())
			w.abortWithOneDead()
			w.restart(agentapi.Source)
			open()
		}}),
	}
}

// heldFiles holds Backup in the middle of the files.
func heldFiles() hold {
	return heldSlow(200<<10, func(w *world) error {
		if w.details().Progress.Bytes == 0 {
			return errors.New("no file was sent yet")
		}
		return nil
	})
}

// snapshotLost is a snapshot that somebody removes during the copy; on LVM it would have become full.
func snapshotLost(*kit) []faultCase {
	h := heldFiles()
	return []faultCase{(&kit{}).held(h, faultCase{fault: 8, what: "the snapshot is removed by somebody else", side: "source", end: completed, do: func(w *world) {
		open := h.until(w)
		disk := filepath.Join(w.f.Dir, "source-disk")
		found, err := filepath.Glob(filepath.Join(disk, "*seed-*"))
		w.must(err)
		if len(found) != 1 {
			w.t.Fatalf("the snapshots are %v", found)
		}
		out, err := exec.CommandContext(w.ctx, "btrfs", "subvolume", "delete", found[0]).CombinedOutput()
		if err != nil {
			w.t.Fatalf("%v: %s", err, out)
		}
		w.until(func() error {
			if !w.said("snapshot.*(gone|lost)|no such file") {
				return errors.New("nothing is said of the lost snapshot")
			}
			return nil
		})
		open()
		w.end()
	}})}
}
