package faults

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// checkLeftovers looks for everything that a seed could leave behind on the two hosts.
func (w *world) checkLeftovers() {
	w.t.Helper()
	// The agents answer before they have put away the last; nothing may be left after a moment.
	err := fleet.Until(w.ctx, 10*time.Second, func() error {
		for _, look := range []func() error{w.leftProcesses, w.leftFiles, w.leftDirectories, w.leftMounts, w.leftPorts, w.leftDowntime, w.leftReplication} {
			if err := look(); err != nil {
				return err
			}
		}
		if w.kit.left != nil {
			return w.kit.left(w)
		}
		return nil
	})
	if err != nil {
		w.t.Errorf("left over: %v", err)
	}
	w.checkSessions(w.f.Source.Server)
	w.checkSessions(w.f.Target.Server)
	w.checkFree(w.f.Source.Server)
	w.checkFree(w.f.Target.Server)
	for _, d := range different(w.targetVars, w.variables(w.f.Target.Server)) {
		w.t.Errorf("target's settings: %s", d)
	}
}

// leftReplication looks whether a replica that was never proven is still one after its seed was released.
func (w *world) leftReplication() error {
	if w.targetNow != string(drifted) {
		return nil
	}
	if channels := w.replication(w.f.Target.Server); len(channels) > 0 {
		return fmt.Errorf("the target is still set up as a replica: %v", channels)
	}
	return nil
}

// leftProcesses walks /proc: every process with this fleet's directory in its command line or environment, or with one of
// its agents as parent, must be one that the harness started.
func (w *world) leftProcesses() error {
	f := w.f
	ours := []int{os.Getpid(), f.Service.Pid(), f.Source.Pid(), f.Target.Pid(), f.Source.Server.Pid(), f.Target.Server.Pid()}
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return err
	}
	mark := []byte(filepath.Dir(f.Dir) + "/")
	for _, dir := range entries {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if slices.Contains(ours, pid) || slices.ContainsFunc(w.others, func(a *fleet.Agent) bool { return a.Pid() == pid || a.Server.Pid() == pid }) {
			continue
		}
		line, err := os.ReadFile(dir + "/cmdline")
		if err != nil || len(line) == 0 { // gone, or a zombie
			continue
		}
		env, _ := os.ReadFile(dir + "/environ")
		mine := bytes.Contains(line, mark) || bytes.Contains(env, mark) || slices.Contains([]int{f.Source.Pid(), f.Target.Pid()}, parent(dir))
		if mine && !harness(string(line)) {
			return fmt.Errorf("process %d: %s", pid, bytes.ReplaceAll(line, []byte{0}, []byte(" ")))
		}
	}
	return nil
}

// harness says whether a process is the sandbox's own: what watches a server, or starts it at this moment.
func harness(line string) bool {
	return strings.Contains(line, "read -r line") || strings.Contains(line, "/control\x00")
}

func parent(dir string) int {
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	pid, _ := strconv.Atoi(fields[1])
	return pid
}

// leftFiles: nothing of a seed is in a backup directory.
func (w *world) leftFiles() error {
	for _, a := range []*fleet.Agent{w.f.Source, w.f.Target} {
		entries, err := os.ReadDir(a.BackupDir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Name() != "lost+found" {
				return fmt.Errorf("%s in the backup directory of %s", e.Name(), a.Host)
			}
		}
	}
	return nil
}

// leftDirectories: nothing of a seed lies in or beside a data directory, as deep as seeds put anything there.
func (w *world) leftDirectories() error {
	for _, s := range []*sandbox.Server{w.f.Source.Server, w.f.Target.Server} {
		for _, pattern := range []string{"*", "*/*", "*/*/*", ".*", "*/.*", "*/*/.*"} {
			found, err := filepath.Glob(filepath.Join(s.Dir, pattern))
			if err != nil {
				return err
			}
			for _, path := range found {
				if strings.Contains(filepath.Base(path), "seed-") {
					return fmt.Errorf("%s is left at %s", path, s.Address())
				}
			}
		}
	}
	return nil
}

// mounts are the mount points within the fleet's directories.
func (w *world) mounts() ([]string, error) {
	raw, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var found []string
	for line := range strings.Lines(string(raw)) {
		if fields := strings.Fields(line); len(fields) > 4 && strings.HasPrefix(fields[4], filepath.Dir(w.f.Dir)+"/") {
			found = append(found, fields[4])
		}
	}
	return found, nil
}

// leftMounts: nothing is mounted that was not before the seed.
func (w *world) leftMounts() error {
	now, err := w.mounts()
	if err != nil {
		return err
	}
	for _, dir := range now {
		if !slices.Contains(w.mounted, dir) {
			return fmt.Errorf("%s is still mounted", dir)
		}
	}
	return nil
}

// leftPorts: on the two hosts nothing listens but agents and servers.
func (w *world) leftPorts() error {
	raw, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return err
	}
	for _, l := range strings.Split(string(raw), "\n")[1:] {
		fields := strings.Fields(l)
		if len(fields) < 10 || fields[3] != "0A" {
			continue
		}
		host, port := address(fields[1])
		for _, a := range []*fleet.Agent{w.f.Source, w.f.Target} {
			if (host == a.Host || host == a.Bind) && port != a.Port && port != a.Server.Port && !w.between.listens(host, port) && !w.strangers(fields[9]) {
				return fmt.Errorf("port %d is open on %s", port, host)
			}
		}
	}
	return nil
}

// strangers says whether a socket, by its inode, is that of a process which has nothing to do with this fleet: other programs that
// run on this machine take loopback addresses, too.
func (w *world) strangers(inode string) bool {
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return false
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err != nil || to != "socket:["+inode+"]" {
			continue
		}
		dir := filepath.Dir(filepath.Dir(link))
		pid, _ := strconv.Atoi(filepath.Base(dir))
		line, _ := os.ReadFile(dir + "/cmdline")
		env, _ := os.ReadFile(dir + "/environ")
		mark := []byte(filepath.Dir(w.f.Dir) + "/")
		if pid == os.Getpid() || bytes.Contains(line, mark) || bytes.Contains(env, mark) {
			return false
		}
		return true
	}
	return false
}

// address reads the kernel's way to write one: 0100007F:0CEA.
func address(text string) (host string, port int) {
	ip, p, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(ip)
	if err != nil || len(raw) != 4 {
		return "", 0
	}
	n, _ := strconv.ParseUint(p, 16, 16)
	return net.IP(binary.BigEndian.AppendUint32(nil, binary.LittleEndian.Uint32(raw))).String(), int(n)
}
