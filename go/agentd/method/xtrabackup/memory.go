package xtrabackup

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	leastMemory = 128 << 20 // what applying a log needs at least
	roomForRest = 256 << 20 // left free for everything else
)

// prepareMemory is how much memory the tool may take to apply a log: 70 % of what is free here and within the agent's control
// groups, and no more than the copy could fill.
func prepareMemory(free, copied int64) int64 {
	memory := (free - roomForRest) / 10 * 7
	memory = min(memory, copied+leastMemory)
	return max(memory, leastMemory) &^ (1<<20 - 1)
}

// freeMemory is what could be had below root ("/" but in tests): the machine's MemAvailable, or less where the process's
// control group or one above it bounds it.
func freeMemory(root string) (int64, error) {
	text, err := os.ReadFile(filepath.Join(root, "proc/meminfo"))
	if err != nil {
		return 0, fmt.Errorf("read free memory: %w", err)
	}
	free, err := parseAvailable(string(text))
	if err != nil {
		return 0, err
	}
	groups, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return free, nil // a system without control groups
	}
	for _, dir := range groupDirs(string(groups)) {
		for ; ; dir = filepath.Dir(dir) {
			if room, bounded := groupRoom(filepath.Join(root, "sys/fs/cgroup", dir)); bounded {
				free = min(free, room)
			}
			if dir == "/" || dir == "." || dir == "/memory" {
				break
			}
		}
	}
	return max(free, 0), nil
}

func parseAvailable(meminfo string) (int64, error) {
	for line := range strings.Lines(meminfo) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == "MemAvailable:" && f[2] == "kB" {
			n, err := strconv.ParseInt(f[1], 10, 53)
			if err == nil && n >= 0 {
				return n << 10, nil
			}
		}
	}
	return 0, fmt.Errorf("read free memory: no MemAvailable in kB")
}

// groupDirs are the directories, below /sys/fs/cgroup, of the groups in the text of /proc/self/cgroup that bound memory.
func groupDirs(text string) []string {
	var dirs []string
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 || !strings.HasPrefix(f[2], "/") {
			continue
		}
		switch {
		case f[0] == "0" && f[1] == "":
			dirs = append(dirs, filepath.Clean(f[2]))
		case strings.Contains(","+f[1]+",", ",memory,"):
			dirs = append(dirs, filepath.Join("/memory", f[2]))
		}
	}
	return dirs
}

// groupRoom is what a group may still take: its limit less its use, whose inactive part of the page cache is free.
func groupRoom(dir string) (room int64, bounded bool) {
	for _, v := range [][3]string{{"memory.max", "memory.current", "inactive_file "}, {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "}} {
		limit, ok := readNumber(filepath.Join(dir, v[0]))
		if !ok || limit >= 1<<60 { // version 1 writes a huge number for none
			continue
		}
		used, _ := readNumber(filepath.Join(dir, v[1]))
		stat, _ := os.ReadFile(filepath.Join(dir, "memory.stat"))
		for line := range strings.Lines(string(stat)) {
			if rest, found := strings.CutPrefix(line, v[2]); found {
				n, _ := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
				used -= n
			}
		}
		return limit - max(used, 0), true
	}
	return 0, false
}

func readNumber(path string) (int64, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	return n, err == nil
}
