package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

// strike does what was planned to a pair, and mends it when its time is over. What can't be done any more (the seed has
// ended, no tool runs) is no failure.
func (w *world) strike(ctx context.Context, p *pair, id int64, b blow) error {
	switch b.what {
	case killAgent, endAgent:
		a := p.agent(b.side)
		end := a.Kill
		if b.what == endAgent {
			end = a.Stop
		}
		if err := end(); err != nil {
			return err
		}
		pause(ctx, b.lasts)
		return a.Start()
	case stopAgent:
		a := p.agent(b.side)
		if err := a.Signal(syscall.SIGSTOP); err != nil {
			return err
		}
		pause(ctx, b.lasts)
		return a.Signal(syscall.SIGCONT)
	case killTool:
		for _, pid := range children(p.agent(b.side).Pid()) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
			break
		}
	case cutSessions:
		return p.cut(ctx, b.side)
	case killServer:
		s := p.agent(b.side).Server
		if err := s.Kill(); err != nil {
			return err
		}
		pause(ctx, b.lasts/4)
		return s.Restart(ctx)
	case abort, abortByForce:
		_, _, err := client.AbortSeed(id, b.what == abortByForce).Fetch(ctx, w.service.Client)
		w.tell("%s: %s of seed %d: %v", p.name, b.what, id, err)
	}
	return nil
}

// strikeService ends or stops the service for a while, unless somebody needs it.
func (w *world) strikeService(ctx context.Context, b blow) error {
	w.up.Lock()
	defer w.up.Unlock()
	w.tell("%s for %.1f s", b.what, b.lasts.Seconds())
	s := w.service
	switch b.what {
	case stopService:
		if err := s.Signal(syscall.SIGSTOP); err != nil {
			return err
		}
		pause(ctx, b.lasts)
		return s.Signal(syscall.SIGCONT)
	case endService:
		if err := s.Stop(); err != nil {
			return err
		}
	default:
		if err := s.Kill(); err != nil {
			return err
		}
	}
	pause(ctx, b.lasts)
	return s.Restart(context.WithoutCancel(ctx))
}

// pause lets time pass; no longer than ctx lasts.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// cut ends the agent's sessions in that side's server.
func (p *pair) cut(ctx context.Context, side agentapi.Side) error {
	s := p.agent(side).Server
	db := s.Open("")
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT id FROM information_schema.processlist WHERE user = ?", s.AgentUser)
	if err != nil {
		return nil // it is down
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		_, _ = db.ExecContext(ctx, "KILL "+strconv.FormatInt(id, 10)) // it may have ended by itself
	}
	return nil
}

// children are the tools that the agent has started for seeds.
func children(agent int) (pids []int) {
	for _, p := range processes() {
		if p.parent == agent && bytes.Contains(p.env, []byte("ORCHESTRATOR_AGENT_SEED=")) {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

// process is one entry of /proc.
type process struct {
	pid, parent int
	line        string
	env         []byte
}

func processes() (all []process) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	for _, dir := range dirs {
		line, err := os.ReadFile(dir + "/cmdline")
		if err != nil || len(line) == 0 { // gone, or a zombie
			continue
		}
		env, errEnv := os.ReadFile(dir + "/environ")
		stat, errStat := os.ReadFile(dir + "/stat")
		if errors.Join(errEnv, errStat) != nil {
			continue
		}
		p := process{env: env, line: string(bytes.ReplaceAll(line, []byte{0}, []byte(" ")))}
		p.pid, _ = strconv.Atoi(filepath.Base(dir))
		if fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])); len(fields) > 1 {
			p.parent, _ = strconv.Atoi(fields[1])
		}
		all = append(all, p)
	}
	return all
}
