package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// logicalDisks are faults 16 and 17 for methods that stage in the backup directory and load into a running server.
func logicalDisks(k *kit) []faultCase {
	if k.physical {
		return nil
	}
	backupOn := func(o *fleet.Options) { o.TargetBackupDir = filepath.Join(filepath.Dir(o.Dir), "disk", "backup") }
	backup, restore := k.last(agentapi.Backup), k.hold(agentapi.Restore)
	return []faultCase{
		k.held(backup, faultCase{fault: 16, what: "the disk of the target's backup directory runs full", side: "target",
			fleet: and(k.fillBulk(16<<20), oneRetry, backupOn), disk: func(o *fleet.Options) (string, int) { return filepath.Dir(o.TargetBackupDir), 48 << 20 },
			end: ending{stage: agentapi.Backup, code: "disk-full", text: "no space left", hint: "free space (there|below .*backup)", data: oldData},
			do: func(w *world) {
				disk := w.disk
				open := backup.until(w)
				w.fillUp(disk, 256<<10)
				open()
				w.end()
				w.until(func() error {
					if now := w.diskFree(disk); now < 200<<10 {
						return fmt.Errorf("%d bytes of the disk are free, before the dump it was %d", now, 256<<10)
					}
					return nil
				})
			}}),
		k.held(restore, faultCase{fault: 16, what: "the disk of the target's data runs full; space made, then agent-retry-seed", side: "target",
			fleet: and(k.fillBulk(24<<20), oneRetry), disk: func(o *fleet.Options) (string, int) { return filepath.Join(o.Dir, "target-db"), 300 << 20 },
			end: completed, do: func(w *world) {
				open := restore.until(w)
				filler := w.fillUp(w.disk, 8<<20)
				open()
				w.end()
				w.checkEnd(ending{stage: agentapi.Restore, code: "disk-full", text: "(?i)full|no space|no more room", hint: "free space in the target's data directory"})
				w.must(os.Remove(filler))
				if w.f.Target.Server.Pid() == 0 { // some full disks are the end of the server, too
					w.must(w.f.Target.Server.Restart(w.ctx))
				}
				w.retry()
				w.end()
			}}),
		{fault: 17, what: "the target's backup directory is read-only, and then not any more", stage: "Prepare", side: "target", fleet: standing, end: completed, do: func(w *world) {
			w.start()
			writable := w.readOnly(w.f.Target.BackupDir)
			w.stepTo(agentapi.Prepare, agentapi.Error)
			w.expectSaid("(?i)read-only")
			writable()
			w.stepToEnd()
		}},
	}
}

// mount mounts a small disk until the end of the case.
func (w *world) mount(dir string, bytes int) {
	w.t.Helper()
	w.must(os.MkdirAll(dir, 0o755))
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		w.t.Fatalf("mount a small disk, which needs root: %v", err)
	}
	w.disk = dir
	w.t.Cleanup(w.unmount)
}

func (w *world) unmount() {
	if w.disk == "" {
		return
	}
	if err := syscall.Unmount(w.disk, syscall.MNT_DETACH); err != nil {
		w.t.Error(err)
	}
	w.disk = ""
}

// fillUp leaves so many bytes of a disk free.
func (w *world) fillUp(disk string, leave int64) (filler string) {
	w.t.Helper()
	filler = filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, w.diskFree(disk)-leave), 0o600); !errors.Is(err, syscall.ENOSPC) { // of which others take their part
		w.must(err)
	}
	return filler
}

func (w *world) diskFree(dir string) int64 {
	w.t.Helper()
	var s syscall.Statfs_t
	w.must(syscall.Statfs(dir, &s))
	return int64(s.Bavail) * s.Bsize
}

func stale(o *fleet.Options) {
	o.ServiceConfig["SeedBackupStaleFailMinutes"] = 1
	o.ServiceConfig["MaxRetriesForSeedStage"] = 0
}

// stillText is what a seed says that was given up because nothing moved.
const stillText = `^No data %s in SeedBackupStaleFailMinutes interval \(1 minutes\)\. Aborting seed$`

// stillStages is fault 18.
func stillStages(k *kit) []faultCase {
	cleanup := k.hold(agentapi.Cleanup)
	return []faultCase{
		k.held(cleanup, faultCase{fault: 18, what: "the post-seed command hangs: the seed completes and says so, the command is ended after 5 minutes", side: "both", slow: true,
			end: completed, do: func(w *world) {
				cleanup.until(w)
				w.end()
				w.expectSaid("post-seed-command failed")
				w.until(func() error {
					if left := w.tools(); len(left) > 0 {
						return fmt.Errorf("still running: %s", left[0])
					}
					return nil
				})
			}}),
		{fault: 18, what: "the dump program hangs and writes nothing", stage: "Backup", side: "target", ci: true, dump: stillDump, fleet: stale,
			end: ending{stage: agentapi.Backup, code: "no-progress", text: fmt.Sprintf(stillText, "copied"), data: oldData}, do: func(w *world) {
				w.start()
				w.end()
			}},
		{fault: 18, what: "the dump hangs on a lock of the source", stage: "Backup", side: "source", fleet: stale,
			end: ending{stage: agentapi.Backup, code: "no-progress", text: fmt.Sprintf(stillText, "copied"), data: oldData}, do: func(w *world) {
				unlock := w.lockedSource()
				w.start()
				w.end()
				unlock()
			}},
		{fault: 18, what: "the first statement hangs on a lock of the target", stage: "Restore", side: "target", dump: heldDump, fleet: stale,
			end: ending{stage: agentapi.Restore, code: "no-progress", text: fmt.Sprintf(stillText, "restored"), data: oldData}, do: func(w *world) {
				unlock := w.heldBeforeDrop()
				w.end()
				unlock() // what the agent has given up must not be done now
			}},
	}
}
