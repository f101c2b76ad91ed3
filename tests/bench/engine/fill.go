package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
)

// Rows are made by copying one that the store has made: to make ten thousand seeds by asking for each takes very long, because
// each is checked against all others.
const (
	copyHost = `INSERT INTO host_agent (hostname, port, token, last_checked, last_seen, mysql_port, status, data, cluster_alias,
			mysql_version, last_error)
		SELECT ?, port, token, last_checked, last_seen, mysql_port, status, data, cluster_alias, mysql_version, last_error
		FROM host_agent WHERE hostname = ?`
	copySeed = `INSERT INTO agent_seed (target_hostname, source_hostname, seed_method, backup_side, stage, status, retries,
			start_timestamp, end_timestamp, updated_at, version, attempt, not_before, outcome, error_code, error_text,
			error_hint, error_permanent, engine, unfinished)
		SELECT ?, ?, seed_method, backup_side, stage, status, retries, start_timestamp, end_timestamp, updated_at, version,
			attempt, not_before, outcome, error_code, error_text, error_hint, error_permanent, engine, unfinished
		FROM agent_seed WHERE agent_seed_id = ?`
)

// world is what a backend is filled with: agents, and seeds in Backup, each with a target of its own. The first agents are
// targets, the next as many are sources; if there are not that many, sources are shared.
type world struct {
	agents, seeds, port int
	method              agent.Method
}

// sides are the numbers of the two agents of seed i.
func (w world) sides(i int) (target, source int) {
	if w.agents <= w.seeds {
		return i, (i + 1) % w.agents
	}
	return i, w.seeds + i%(w.agents-w.seeds)
}

// fill makes agents and seeds; db is another connection to the store's database.
func (w world) fill(ctx context.Context, s *store.Store, db *sql.DB) error {
	now := time.Now()
	host := &agent.Host{Info: agentapi.Info{Hostname: agentName(0), Port: w.port, Token: token, MySQLPort: 3306}, Data: hostData(),
		LastChecked: now, LastSeen: now, Status: agent.HostActive, ClusterAlias: "shop", MySQLVersion: "10.11.6-MariaDB"}
	if err := s.SaveHost(ctx, host); err != nil {
		return err
	}
	seed, err := w.first(ctx, s)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	for i := 1; i < w.agents; i++ {
		if _, err := tx.ExecContext(ctx, copyHost, agentName(i), agentName(0)); err != nil {
			return fmt.Errorf("copy agent %d: %w", i, err)
		}
	}
	for i := 1; i < w.seeds; i++ {
		target, source := w.sides(i)
		if _, err := tx.ExecContext(ctx, copySeed, agentName(target), agentName(source), seed.ID); err != nil {
			return fmt.Errorf("copy seed %d: %w", i, err)
		}
	}
	return tx.Commit()
}

// first is the seed that the others are copies of.
func (w world) first(ctx context.Context, s *store.Store) (*agent.Seed, error) {
	now := time.Now().UTC()
	target, source := w.sides(0)
	seed := &agent.Seed{TargetHost: agentName(target), SourceHost: agentName(source), Method: w.method, BackupSide: agentapi.Target,
		Stage: agentapi.Backup, Status: agentapi.Running, StartedAt: now, Attempt: 2, Engine: agent.EngineState{
			StageStartedAt: now, Lag: -1, LagFirst: -1, PrepareAttempt: 1, Took: map[agent.Stage]float64{agentapi.Prepare: 0.2},
			Progress:    agent.Progress{MovedAt: now, SeenAt: now, What: "copying"},
			SourceBytes: 1 << 40, StreamKey: agent.StreamKey(make([]byte, 32)),
			Hosts: map[agent.Side]*agent.HostState{agentapi.Target: {Stage: agentapi.Running, Details: "Running Backup"},
				agentapi.Source: {Stage: agentapi.Running, Details: "Running Backup"}},
		}}
	if w.method == agentapi.Xtrabackup {
		seed.BackupSide, seed.Engine.TargetReceives = agentapi.Source, true
	}
	var rows []agent.StageState
	for _, details := range []string{"asked for by dba", "Started", "Stage completed", "Started", "Running Backup"} {
		rows = append(rows, agent.StageState{Stage: agentapi.Backup, Host: seed.TargetHost, At: now, Status: agentapi.Running, Details: details, Attempt: 2})
	}
	return s.CreateSeed(ctx, agent.Fence{}, seed, rows, agent.AuditEntry{At: now, Type: "agent-seed"}, nil, 0, 0)
}
