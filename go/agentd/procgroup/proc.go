package procgroup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// process is one line of /proc/PID/stat, as far as it is needed.
type process struct {
	pid     int
	state   byte
	pgrp    int
	session int
	start   uint64
}

func (p process) dead() bool { return p.state == 'Z' || p.state == 'X' }

func readProcess(pid int) (process, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, err
	}
	return parseStat(string(b))
}

// parseStat reads "pid (comm) state ppid pgrp session tty tpgid flags ... starttime(22nd) ...". The name in parentheses may
// hold anything, parentheses and line breaks included.
func parseStat(s string) (process, error) {
	open, shut := strings.IndexByte(s, '('), strings.LastIndexByte(s, ')')
	if open < 0 || shut < open {
		return process{}, errors.New("stat line without a name in parentheses")
	}
	f := strings.Fields(s[shut+1:])
	if len(f) < 20 || len(f[0]) != 1 {
		return process{}, errors.New("stat line is too short")
	}
	p := process{state: f[0][0]}
	var errs [4]error
	p.pid, errs[0] = strconv.Atoi(strings.TrimSpace(s[:open]))
	p.pgrp, errs[1] = strconv.Atoi(f[2])
	p.session, errs[2] = strconv.Atoi(f[3])
	p.start, errs[3] = strconv.ParseUint(f[19], 10, 64)
	return p, errors.Join(errs[:]...)
}

// processes lists all processes that can be read; those that end meanwhile are left out.
func processes() ([]process, error) {
	d, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var all []process
	for _, n := range names {
		pid, err := strconv.Atoi(n)
		if err != nil {
			continue
		}
		if p, err := readProcess(pid); err == nil {
			all = append(all, p)
		}
	}
	return all, nil
}

// Mark is an environment entry ("NAME=value") that processes are started with and that their children inherit.
type Mark string

// Carriers returns the pids of the living processes, other than this one, whose environment holds the mark. Processes
// whose environment may not be read (of other users) are not found.
func (m Mark) Carriers() ([]int, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, p := range all {
		if p.dead() || p.pid == os.Getpid() {
			continue
		}
		env, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/environ")
		if err != nil {
			continue
		}
		for entry := range bytes.SplitSeq(env, []byte{0}) {
			if string(entry) == string(m) {
				pids = append(pids, p.pid)
				break
			}
		}
	}
	return pids, nil
}
