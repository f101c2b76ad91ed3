package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// sums are the checksums of a server's tables.
func sums(ctx context.Context, s *sandbox.Server) (map[string]string, error) {
	db := s.Open("")
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT table_schema, table_name FROM information_schema.tables
		WHERE table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]string{}
	var names []string
	for rows.Next() {
		var schema, table string
		if err := rows.Scan(&schema, &table); err != nil {
			return nil, err
		}
		names = append(names, "`"+strings.ReplaceAll(schema, "`", "``")+"`.`"+strings.ReplaceAll(table, "`", "``")+"`")
	}
	for _, name := range names {
		var table string
		var sum *string
		if err := db.QueryRowContext(ctx, "CHECKSUM TABLE "+name).Scan(&table, &sum); err != nil {
			return nil, fmt.Errorf("checksum of %s: %w", name, err)
		}
		if sum != nil {
			all[name] = *sum
		}
	}
	return all, rows.Err()
}

// look says what the target is after the seed, or what is wrong with it.
func (w *world) look(ctx context.Context, p *pair, s seedapi.Seed, before map[string]string) (string, error) {
	if s.Status == agentapi.Completed {
		return "a true replica", w.isReplica(ctx, p)
	}
	if s.ErrorCode == "" || s.ErrorText == "" || s.Hint == "" && s.ErrorCode != "aborted" {
		return "", fmt.Errorf("it failed without code, text or hint: %q %q %q", s.ErrorCode, s.ErrorText, s.Hint)
	}
	now, err := sums(ctx, p.target.Server)
	if err != nil {
		return "", fmt.Errorf("the target can't be read: %w", err)
	}
	switch {
	case maps.Equal(now, before):
		return "its old data", w.isNoReplica(ctx, p)
	case physical(s.SeedMethod) && s.Stage != agentapi.Cleanup:
		return "", fmt.Errorf("the target's old data is not back: %d tables before, %d now", len(before), len(now))
	case len(now) == 0:
		states, _, err := client.SeedStates(s.SeedID).Fetch(ctx, w.service.Client)
		said := regexp.MustCompile("(?i)empty|old data")
		if err == nil && !slices.ContainsFunc(states, func(st seedapi.SeedStageState) bool { return said.MatchString(st.Details) }) {
			err = errors.New("the target is empty, and no state says so")
		}
		return "empty, and says so", errors.Join(err, w.isNoReplica(ctx, p))
	case s.Stage == agentapi.ConnectSlave || s.Stage == agentapi.Cleanup:
		return "the copy", w.isCopy(ctx, p, now)
	}
	return "", fmt.Errorf("the target has %d tables; it had %d", len(now), len(before))
}

// isReplica: it replicates, and when it has caught up all is equal.
func (w *world) isReplica(ctx context.Context, p *pair) error {
	source, target := p.source.Server.Open(""), p.target.Server.Open("")
	defer source.Close()
	defer target.Close()
	_, _ = p.load.Stop() // a load that endures has errors
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	if err := sandbox.WaitReplica(ctx, target, source); err != nil {
		return err
	}
	different, err := sandbox.Compare(ctx, source, target)
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range different {
		errs = append(errs, errors.New(d.String()))
	}
	return errors.Join(errs...)
}

// isCopy: it has the source's tables.
func (w *world) isCopy(ctx context.Context, p *pair, now map[string]string) error {
	source, err := sums(ctx, p.source.Server)
	if err != nil {
		return err
	}
	if a, b := slices.Sorted(maps.Keys(source)), slices.Sorted(maps.Keys(now)); !slices.Equal(a, b) {
		return fmt.Errorf("the target has %d tables, the source %d", len(b), len(a))
	}
	return nil
}

func (w *world) isNoReplica(ctx context.Context, p *pair) error {
	replicates, err := p.replicates(ctx)
	if err == nil && replicates {
		err = errors.New("the target is still set up as a replica")
	}
	return err
}

func (p *pair) replicates(ctx context.Context) (bool, error) {
	db := p.target.Server.Open("")
	defer db.Close()
	statement := "SHOW SLAVE STATUS"
	if p.kind.Modern() {
		statement = "SHOW REPLICA STATUS"
	}
	rows, err := db.QueryContext(ctx, statement)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	return rows.Next(), rows.Err()
}

// lone makes the target a server of its own again, for the next seed.
func (p *pair) lone(ctx context.Context) error {
	db := p.target.Server.Open("")
	defer db.Close()
	statements := []string{"STOP SLAVE", "RESET SLAVE ALL"}
	if p.kind.Modern() {
		statements = []string{"STOP REPLICA", "RESET REPLICA ALL"}
	}
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// left is what the seed has left on its hosts, after a moment in which agents may put away the last.
func (p *pair) left(ctx context.Context, id int64) error {
	return fleet.Until(ctx, 15*time.Second, func() error {
		return errors.Join(p.leftProcesses(id), p.leftFiles(), p.leftPorts())
	})
}

func (p *pair) leftProcesses(id int64) error {
	mark := []byte(fmt.Sprintf("ORCHESTRATOR_AGENT_SEED=%d-", id))
	for _, r := range processes() {
		if bytes.Contains(r.env, mark) && r.pid != p.source.Server.Pid() && r.pid != p.target.Server.Pid() && p.mine(r) {
			return fmt.Errorf("process %d is left: %s", r.pid, r.line)
		}
	}
	return nil
}

// mine: seeds of other worlds have the same numbers.
func (p *pair) mine(r process) bool {
	for _, a := range []*fleet.Agent{p.source, p.target} {
		dir := filepath.Dir(a.StateDir)
		if strings.Contains(r.line, dir) || bytes.Contains(r.env, []byte(dir)) || r.parent == a.Pid() || strings.Contains(r.line, a.Server.Dir) {
			return true
		}
	}
	return false
}

func (p *pair) leftFiles() error {
	for _, a := range []*fleet.Agent{p.source, p.target} {
		entries, err := os.ReadDir(a.BackupDir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			return fmt.Errorf("%s is left in the backup directory of %s", e.Name(), a.Host)
		}
		for _, pattern := range []string{"*", "*/*", "*/*/*", ".*", "*/.*", "*/*/.*"} {
			found, err := filepath.Glob(filepath.Join(a.Server.Dir, pattern))
			if err != nil {
				return err
			}
			for _, path := range found {
				if strings.Contains(filepath.Base(path), "seed-") {
					return fmt.Errorf("%s is left at %s", path, a.Host)
				}
			}
		}
	}
	return nil
}

// holder names the process that has the socket of that inode open.
func holder(inode string) string {
	for _, r := range processes() {
		open, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", r.pid)) // the pattern is a good one
		for _, fd := range open {
			if to, err := os.Readlink(fd); err == nil && to == "socket:["+inode+"]" {
				return fmt.Sprintf("process %d (%s)", r.pid, r.line)
			}
		}
	}
	return "nobody"
}

// leftPorts: on the two hosts nothing listens but agents and servers.
func (p *pair) leftPorts() error {
	raw, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return err
	}
	for _, l := range strings.Split(string(raw), "\n")[1:] {
		fields := strings.Fields(l)
		if len(fields) < 10 || fields[3] != "0A" {
			continue
		}
		ip, number, _ := strings.Cut(fields[1], ":")
		b, err := hex.DecodeString(ip)
		if err != nil || len(b) != 4 {
			continue
		}
		host := fmt.Sprintf("%d.%d.%d.%d", b[3], b[2], b[1], b[0])
		port, _ := strconv.ParseUint(number, 16, 16)
		for _, a := range []*fleet.Agent{p.source, p.target} {
			if host == a.Host && int(port) != a.Port && int(port) != a.Server.Port {
				return fmt.Errorf("port %d is open on %s, by %s", port, host, holder(fields[9]))
			}
		}
	}
	return nil
}
