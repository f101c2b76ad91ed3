package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

const (
	hostColumns = `hostname, port, token, last_checked, last_seen, mysql_port, status, data, cluster_alias, mysql_version,
		last_error`

	// What the caller does not know, an orchestrator on the same database may.
	insertHost = `INSERT INTO host_agent (` + hostColumns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?,
			COALESCE(NULLIF(?, ''), (SELECT ca.alias FROM cluster_alias ca
				JOIN database_instance di ON di.cluster_name = ca.cluster_name WHERE di.hostname = ? AND di.port = ?), ''),
			COALESCE(NULLIF(?, ''), (SELECT version FROM database_instance WHERE hostname = ? AND port = ?), ''),
			?)`

	updateHostFacts = `UPDATE host_agent SET last_checked = ?, last_seen = ?, status = ?, data = COALESCE(?, data),
			cluster_alias = ?, mysql_version = ?, last_error = ?
		WHERE hostname = ? AND token = ?`
	touchHost  = `UPDATE host_agent SET last_seen = ? WHERE hostname = ?`
	selectHost = `SELECT ` + hostColumns + ` FROM host_agent WHERE hostname = ?`

	selectHostsDue = `SELECT ` + hostColumns + ` FROM host_agent
		WHERE status = ? AND (last_checked IS NULL OR last_checked < ?) ORDER BY last_checked LIMIT ?`
	selectHostsNamed = `SELECT ` + hostColumns + ` FROM host_agent WHERE hostname IN `

	selectForgettable = `SELECT hostname FROM host_agent
		WHERE (last_seen IS NULL OR last_seen < ?) AND hostname NOT IN (SELECT target_hostname FROM agent_seed WHERE unfinished = 1)
			AND hostname NOT IN (SELECT source_hostname FROM agent_seed WHERE unfinished = 1)
		ORDER BY hostname`
	countHosts = `SELECT COUNT(*) FROM host_agent`
	forgetHost = `DELETE FROM host_agent WHERE hostname = ? AND (last_seen IS NULL OR last_seen < ?)`

	// A list of agents is selectHosts, some of the conditions, and hostsPage.
	selectHosts    = `SELECT ` + hostColumns + ` FROM host_agent WHERE 1 = 1`
	hostsOfName    = ` AND hostname = ?`
	hostsOfCluster = ` AND cluster_alias = ?`
	hostsOfStatus  = ` AND status = ?`
	hostsSince     = ` AND (last_seen >= ? OR last_checked >= ?)`
	hostsPage      = ` ORDER BY cluster_alias, hostname LIMIT ? OFFSET ?`
)

func scanHost(row scanner) (*agent.Host, error) {
	var h agent.Host
	var data *agentapi.Data
	err := row.Scan(&h.Info.Hostname, &h.Info.Port, &h.Info.Token, timeInto{&h.LastChecked}, timeInto{&h.LastSeen},
		&h.Info.MySQLPort, &h.Status, jsonInto{&data}, &h.ClusterAlias, &h.MySQLVersion, &h.LastError)
	if err != nil {
		return nil, err
	}
	h.Data = data
	return &h, nil
}

// called are the facts that a call to an agent depends on; the lists of databases, volumes and tools may be long.
type called struct {
	AgentVersion         string
	Abilities            []string
	AgentCommands        []string
	SeedPort             int
	MySQLDatadirDiskUsed int64
	MySQLRunning         bool
	MySQLVersion         string
}

// scanCalled is scanHost with those facts only.
func scanCalled(row scanner) (*agent.Host, error) {
	var h agent.Host
	var data *called
	err := row.Scan(&h.Info.Hostname, &h.Info.Port, &h.Info.Token, timeInto{&h.LastChecked}, timeInto{&h.LastSeen},
		&h.Info.MySQLPort, &h.Status, jsonInto{&data}, &h.ClusterAlias, &h.MySQLVersion, &h.LastError)
	if data != nil {
		h.Data = &agentapi.Data{AgentVersion: data.AgentVersion, Abilities: data.Abilities, AgentCommands: data.AgentCommands,
			SeedPort: data.SeedPort, MySQLDatadirDiskUsed: data.MySQLDatadirDiskUsed, MySQLRunning: data.MySQLRunning,
			MySQLVersion: data.MySQLVersion}
	}
	return &h, err
}

// dataColumn is NULL for an agent whose facts are not known.
func dataColumn(d *agentapi.Data) (any, error) {
	if d == nil {
		return nil, nil
	}
	return toJSON(d)
}

// sizeOf is that of a text column, in bytes.
func sizeOf(column any) int {
	text, _ := column.(string)
	return len(text)
}

// SaveHost implements agent.Store.
func (s *Store) SaveHost(ctx context.Context, h *agent.Host) error {
	data, err := dataColumn(h.Data)
	if err != nil {
		return fmt.Errorf("save agent %s: %w", h.Info.Hostname, err)
	}
	i := h.Info
	err = s.writeSmall(ctx, sizeOf(data), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.d.upsertHost, i.Hostname, i.Port, i.Token, dbTime(h.LastChecked), dbTime(h.LastSeen),
			i.MySQLPort, h.Status, data, text(h.ClusterAlias), i.Hostname, i.MySQLPort, text(h.MySQLVersion), i.Hostname,
			i.MySQLPort, text(h.LastError))
		return err
	})
	if err != nil {
		return fmt.Errorf("save agent %s: %w", i.Hostname, err)
	}
	return nil
}

// SaveHostFacts implements agent.Store. Facts that are known are not replaced by nil Data.
func (s *Store) SaveHostFacts(ctx context.Context, h *agent.Host) error {
	data, err := dataColumn(h.Data)
	if err == nil {
		err = s.writeSmall(ctx, sizeOf(data), func(ctx context.Context, tx *sql.Tx) error {
			ok, err := changedOne(tx.ExecContext(ctx, updateHostFacts, dbTime(h.LastChecked), dbTime(h.LastSeen), h.Status, data,
				text(h.ClusterAlias), text(h.MySQLVersion), text(h.LastError), h.Info.Hostname, h.Info.Token))
			if err == nil && !ok {
				err = agent.ErrConflict
			}
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("save facts of agent %s: %w", h.Info.Hostname, err)
	}
	return nil
}

// TouchHost implements agent.Store; ErrNotFound when there is no such agent.
func (s *Store) TouchHost(ctx context.Context, hostname string, at time.Time) error {
	err := s.writeSmall(ctx, 0, func(ctx context.Context, tx *sql.Tx) error {
		ok, err := changedOne(tx.ExecContext(ctx, touchHost, dbTime(at), hostname))
		if err == nil && !ok {
			err = agent.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("note that agent %s was seen: %w", hostname, err)
	}
	return nil
}

// Host implements agent.Store.
func (s *Store) Host(ctx context.Context, hostname string) (*agent.Host, error) {
	h, err := scanHost(s.read.QueryRowContext(ctx, selectHost, hostname))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("agent %s: %w", hostname, agent.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read agent %s: %w", hostname, err)
	}
	return h, nil
}

// HostsNamed implements agent.Store.
func (s *Store) HostsNamed(ctx context.Context, hostnames []string) ([]*agent.Host, error) {
	all := []*agent.Host{}
	unique := slices.Compact(slices.Sorted(slices.Values(hostnames)))
	for chunk := range slices.Chunk(unique, listAtOne) {
		rows, err := s.read.QueryContext(ctx, selectHostsNamed+list(len(chunk)), anys(chunk)...)
		err = each(rows, err, func() error {
			h, err := scanCalled(rows)
			all = append(all, h)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read %d agents: %w", len(unique), err)
		}
	}
	return all, nil
}

// HostsDue implements agent.Store; agents that were never checked come first.
func (s *Store) HostsDue(ctx context.Context, status agent.HostStatus, before time.Time, max int) ([]*agent.Host, error) {
	hosts, err := s.hosts(ctx, selectHostsDue, status, dbTime(before), limit(max))
	if err != nil {
		return nil, fmt.Errorf("read the agents due: %w", err)
	}
	return hosts, nil
}

// Hosts implements agent.Queries.
func (s *Store) Hosts(ctx context.Context, f agent.HostFilter) ([]*agent.Host, error) {
	query, args := selectHosts, []any{}
	if f.Hostname != "" {
		query, args = query+hostsOfName, append(args, f.Hostname)
	}
	if f.ClusterAlias != "" {
		query, args = query+hostsOfCluster, append(args, f.ClusterAlias)
	}
	if f.Status != "" {
		query, args = query+hostsOfStatus, append(args, f.Status)
	}
	if !f.ChangedSince.IsZero() {
		query, args = query+hostsSince, append(args, dbTime(f.ChangedSince), dbTime(f.ChangedSince))
	}
	hosts, err := s.hosts(ctx, query+hostsPage, append(args, limit(f.Limit), f.Offset)...)
	if err != nil {
		return nil, fmt.Errorf("list agents: %w", err)
	}
	return hosts, nil
}

// CountHosts is how many agents are registered.
func (s *Store) CountHosts(ctx context.Context) (int, error) {
	var n int
	if err := s.read.QueryRowContext(ctx, countHosts).Scan(&n); err != nil {
		return 0, fmt.Errorf("count agents: %w", err)
	}
	return n, nil
}

// ForgetHosts implements agent.Store.
func (s *Store) ForgetHosts(ctx context.Context, unseenSince time.Time) ([]string, error) {
	var gone []string
	err := s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		gone = nil
		if err := s.guard(ctx, tx); err != nil {
			return err
		}
		unseen, err := stringsOf(tx.QueryContext(ctx, selectForgettable, dbTime(unseenSince)))
		if err != nil {
			return err
		}
		for _, name := range unseen {
			ok, err := changedOne(tx.ExecContext(ctx, forgetHost, name, dbTime(unseenSince)))
			if err != nil {
				return err
			}
			if ok {
				gone = append(gone, name)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("forget agents: %w", err)
	}
	return gone, nil
}

func (s *Store) hosts(ctx context.Context, query string, args ...any) ([]*agent.Host, error) {
	var all []*agent.Host
	rows, err := s.read.QueryContext(ctx, query, args...)
	err = each(rows, err, func() error {
		h, err := scanHost(rows)
		if err != nil {
			return err
		}
		all = append(all, h)
		return nil
	})
	return all, err
}

// stringsOf reads a query of one text column.
func stringsOf(rows *sql.Rows, err error) ([]string, error) {
	var all []string
	err = each(rows, err, func() error {
		var v string
		if err := rows.Scan(&v); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	})
	return all, err
}
