package contract

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
)

// leftovers is what a box holds after a release, though it must hold nothing.
func leftovers(b Box, agent int) []string {
	left := marked(b, agent)
	_ = filepath.WalkDir(b.BackupDir(), func(path string, _ os.DirEntry, err error) error {
		if path != b.BackupDir() {
			left = append(left, "file "+path)
		}
		return err
	})
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		left = append(left, err.Error())
	}
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 4 && strings.HasPrefix(f[4], b.Dir+"/") {
			left = append(left, "mount "+f[4])
		}
	}
	if b.DataPort != 0 {
		l, err := net.Listen("tcp", net.JoinHostPort(b.Host, strconv.Itoa(b.DataPort)))
		if err != nil {
			left = append(left, "data port: "+err.Error())
		} else {
			l.Close()
		}
	}
	return left
}

// boxMark is in the environment of a box's agent, and so of everything that it starts.
const boxMark = "ORCHESTRATOR_CONTRACT_BOX_DIR="

// marked is every process that belongs to a seed of the box's journal, or that the box's agent started, but for the agent
// itself and the box's service.
func marked(b Box, agent int) (found []string) {
	marks, err := marksOf(b)
	if err != nil {
		return []string{err.Error()}
	}
	dirs, err := os.ReadDir("/proc")
	if err != nil {
		return []string{err.Error()}
	}
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err != nil || pid == agent {
			continue
		}
		env, err := os.ReadFile(filepath.Join("/proc", d.Name(), "environ"))
		if err != nil || len(env) == 0 {
			continue // it has ended
		}
		line, _ := os.ReadFile(filepath.Join("/proc", d.Name(), "cmdline"))
		command := strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))
		for entry := range strings.SplitSeq(string(env), "\x00") {
			ours := entry == boxMark+b.Dir && (b.Service == "" || !strings.Contains(command, b.Service) && !startedBy(pid, b.Service))
			if ours || slices.Contains(marks, entry) {
				found = append(found, fmt.Sprintf("process %d: %s", pid, command))
				break
			}
		}
	}
	return found
}

// startedBy says whether the process was started by one whose command line names the service: a command that starts or stops
// a server goes on when the agent dies, with what it waits with.
func startedBy(pid int, service string) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true // it has ended
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 2 {
		return false
	}
	line, err := os.ReadFile("/proc/" + fields[1] + "/cmdline")
	return err == nil && strings.Contains(string(line), service)
}

// marksOf is the marks of the seeds in the box's journal.
func marksOf(b Box) (marks []string, err error) {
	files, err := filepath.Glob(filepath.Join(b.StateDir(), "seeds", "seed-*.json"))
	for _, f := range files {
		var e journal.Entry
		text, rerr := os.ReadFile(f)
		if rerr == nil {
			rerr = json.Unmarshal(text, &e)
		}
		if rerr != nil {
			return nil, fmt.Errorf("%s: %w", f, rerr)
		}
		marks = append(marks, string(e.Mark))
	}
	return marks, err
}
