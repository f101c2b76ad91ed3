package procgroup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// Group names one process group on one boot of the host.
type Group struct {
	PGID    int    // also the leader's pid
	Start   uint64 // the leader's start, in clock ticks since boot
	Session int
	Boot    string // the kernel's boot id
}

// ErrStillThere is in the error of End when processes survived SIGKILL (in the kernel, on a dead disk) or could not be
// signalled.
var ErrStillThere = errors.New("processes are still there")

// Of names the group that pid, a running process, leads.
func Of(pid int) (Group, error) {
	p, err := readProcess(pid)
	if err != nil {
		return Group{}, fmt.Errorf("name process group %d: %w", pid, err)
	}
	boot, err := BootID()
	if err != nil {
		return Group{}, err
	}
	return Group{PGID: pid, Start: p.start, Session: p.session, Boot: boot}, nil
}

// BootID is the kernel's id of the current boot.
func BootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read boot id: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// Members returns the pids of the living processes of the group; none when the host was restarted since, or when the id
// belongs to another group by now. Zombies do not count.
func (g Group) Members() ([]int, error) {
	boot, err := BootID()
	if err != nil {
		return nil, err
	}
	if boot != g.Boot || g.PGID <= 1 {
		return nil, nil
	}
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, p := range all {
		if p.pid == g.PGID && p.start != g.Start {
			return nil, nil // the number was given to another process
		}
		if p.pgrp == g.PGID && p.session == g.Session && p.start >= g.Start && !p.dead() {
			pids = append(pids, p.pid)
		}
	}
	return pids, nil
}

// End ends every process of the group: SIGTERM, SIGKILL after grace, and a look that none is left. It returns nil when
// none is, also when there was none to begin with. A done ctx shortens the
// grace to nothing: the group is killed all the same.
func (g Group) End(ctx context.Context, grace time.Duration) error {
	return end(ctx, grace, g.Members, func(_ []int, sig syscall.Signal) error { return syscall.Kill(-g.PGID, sig) })
}

// End ends every process that carries the mark, whatever its group; as Group.End.
func (m Mark) End(ctx context.Context, grace time.Duration) error {
	return end(ctx, grace, m.Carriers, func(pids []int, sig syscall.Signal) error {
		var errs []error
		for _, pid := range pids {
			if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
				errs = append(errs, fmt.Errorf("process %d: %w", pid, err))
			}
		}
		return errors.Join(errs...)
	})
}

func end(ctx context.Context, grace time.Duration, members func() ([]int, error), signal func([]int, syscall.Signal) error) error {
	const afterKill = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	gone, err := signalAndWait(ctx, syscall.SIGTERM, members, signal)
	if gone {
		return nil
	}
	kill, cancelKill := context.WithTimeout(context.WithoutCancel(ctx), afterKill)
	defer cancelKill()
	gone, err2 := signalAndWait(kill, syscall.SIGKILL, members, signal)
	if gone {
		return nil
	}
	pids, err3 := members()
	if err3 == nil && len(pids) == 0 {
		return nil
	}
	return errors.Join(fmt.Errorf("%w: %v", ErrStillThere, pids), err, err2, err3)
}

// signalAndWait says whether no member is left, at the latest when ctx is over.
func signalAndWait(ctx context.Context, sig syscall.Signal, members func() ([]int, error), signal func([]int, syscall.Signal) error) (gone bool, err error) {
	pids, err := members()
	if err != nil || len(pids) == 0 {
		return err == nil, err
	}
	if serr := signal(pids, sig); serr != nil && !errors.Is(serr, syscall.ESRCH) {
		err = fmt.Errorf("send %v: %w", sig, serr)
	}
	for pause := 2 * time.Millisecond; ; pause = min(pause*2, 100*time.Millisecond) {
		pids, merr := members()
		if merr != nil || len(pids) == 0 {
			return merr == nil, errors.Join(err, merr)
		}
		poll := time.NewTimer(pause)
		select {
		case <-poll.C:
		case <-ctx.Done():
			poll.Stop()
			return false, err
		}
	}
}
