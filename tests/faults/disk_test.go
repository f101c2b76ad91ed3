package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// fullDisk is fault 16, on a file system of its own.
func fullDisk() []faultCase {
	const size = 48 << 20
	mount := func(o *fleet.Options) {
		o.TargetBackupDir = filepath.Join(filepath.Dir(o.Dir), "disk", "backup")
		o.ServiceConfig["MaxRetriesForSeedStage"] = 1
	}
	return []faultCase{{fault: 16, what: "the disk of the target's backup directory runs full", stage: "Backup", side: "target", ci: true, dump: heldDump,
		fleet: and(fillBulk(16<<20), mount, func(o *fleet.Options) { mustMount(filepath.Dir(o.TargetBackupDir), size) }),
		end:   ending{stage: agentapi.Backup, code: "disk-full", text: "no space left", hint: "free space below .*backup", data: oldData},
		do: func(w *world) {
			disk := filepath.Dir(w.f.Target.BackupDir)
			w.t.Cleanup(func() {
				if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
					w.t.Error(err)
				}
			})
			w.start()
			w.until(w.dump.waiting)
			free := w.diskFree(disk)
			w.must(os.WriteFile(filepath.Join(disk, "filler"), make([]byte, free-256<<10), 0o600))
			w.must(w.dump.let())
			w.end()
			w.until(func() error {
				if now := w.diskFree(disk); now < 200<<10 {
					return fmt.Errorf("%d bytes of the disk are free, before the dump it was %d", now, 256<<10)
				}
				return nil
			})
		}}}
}

// mustMount mounts a small disk, which needs root.
func mustMount(dir string, size int) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		panic(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		panic(fmt.Sprintf("mount a small disk for the tests, which needs root: %v", err))
	}
}

func (w *world) diskFree(dir string) int64 {
	w.t.Helper()
	var s syscall.Statfs_t
	w.must(syscall.Statfs(dir, &s))
	return int64(s.Bavail) * s.Bsize
}

// stillStages is fault 18.
func stillStages() []faultCase {
	stale := func(o *fleet.Options) {
		o.ServiceConfig["SeedBackupStaleFailMinutes"] = 1
		o.ServiceConfig["MaxRetriesForSeedStage"] = 0
	}
	const text = `^No data %s in SeedBackupStaleFailMinutes interval \(1 minutes\)\. Aborting seed$`
	return []faultCase{
		{fault: 18, what: "the dump program hangs and writes nothing", stage: "Backup", side: "target", ci: true, dump: stillDump, fleet: stale,
			end: ending{stage: agentapi.Backup, code: "no-progress", text: fmt.Sprintf(text, "copied"), data: oldData}, do: func(w *world) {
				w.start()
				w.end()
			}},
		{fault: 18, what: "the dump hangs on a lock of the source", stage: "Backup", side: "source", fleet: stale,
			end: ending{stage: agentapi.Backup, code: "no-progress", text: fmt.Sprintf(text, "copied"), data: oldData}, do: func(w *world) {
				unlock := w.lockedSource()
				w.start()
				w.end()
				unlock()
			}},
		{fault: 18, what: "the first statement hangs on a lock of the target", stage: "Restore", side: "target", ci: true, dump: heldDump, fleet: stale,
			end: ending{stage: agentapi.Restore, code: "no-progress", text: fmt.Sprintf(text, "restored"), data: oldData}, do: func(w *world) {
				unlock := w.heldBeforeDrop()
				w.end()
				unlock() // what the agent has given up must not be done now
			}},
	}
}
