package faults

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// TestLooksFindWhatIsLeft plants what a seed could leave behind: a look that finds nothing proves nothing else.
func TestLooksFindWhatIsLeft(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	w := newWorld(ctx, t, faultCase{kit: mysqldumpKit(), method: agentapi.Mysqldump, kind: sandbox.MariaDB, dump: heldDump})
	for _, look := range []func() error{w.leftProcesses, w.leftFiles, w.leftDirectories, w.leftMounts, w.leftPorts, w.leftDowntime} {
		if err := look(); err != nil {
			t.Fatal("before anything was planted:", err)
		}
	}
	found := func(what string, look func() error) {
		t.Helper()
		if err := fleet.Until(ctx, 10*time.Second, func() error {
			if look() != nil {
				return nil
			}
			return os.ErrNotExist
		}); err != nil {
			t.Errorf("%s was not found", what)
		}
	}
	tool := exec.CommandContext(ctx, "sleep", "60")
	tool.Env = []string{"PATH=" + w.dump.dir + "/bin"}
	w.must(tool.Start())
	found("a process", w.leftProcesses)
	w.must(tool.Process.Kill())
	_ = tool.Wait() // it was killed

	dir := filepath.Join(w.f.Source.BackupDir, "seed-7")
	w.must(os.Mkdir(dir, 0o700))
	found("a directory", w.leftFiles)
	w.must(os.Remove(dir))

	dir = filepath.Join(w.f.Target.Server.Dir, "data.seed-7.old")
	w.must(os.Mkdir(dir, 0o700))
	found("a directory beside the data directory", w.leftDirectories)
	w.must(syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"))
	found("a mount", w.leftMounts)
	w.must(syscall.Unmount(dir, 0))
	w.must(os.Remove(dir))

	listener, err := net.Listen("tcp4", w.f.Target.Host+":0")
	w.must(err)
	found("an open port", w.leftPorts)
	w.must(listener.Close())

	w.start()
	w.until(w.dump.waiting)
	found("the downtime entry of a running seed", w.leftDowntime)
	found("the dump program of a running seed", w.leftProcesses)
	w.must(w.dump.let())
	w.end()
}
