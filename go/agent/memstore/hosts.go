package memstore

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// SaveHost implements agent.Store.
func (s *Store) SaveHost(ctx context.Context, h *agent.Host) error {
	unlock, err := s.enter(ctx, "SaveHost")
	if err != nil {
		return err
	}
	defer unlock()
	s.hosts[h.Info.Hostname] = copied(h)
	return nil
}

// SaveHostFacts implements agent.Store.
func (s *Store) SaveHostFacts(ctx context.Context, h *agent.Host) error {
	unlock, err := s.enter(ctx, "SaveHostFacts")
	if err != nil {
		return err
	}
	defer unlock()
	have := s.hosts[h.Info.Hostname]
	if have == nil || have.Info.Token != h.Info.Token {
		return agent.ErrConflict
	}
	stored := copied(h)
	if stored.Data == nil {
		stored.Data = have.Data
	}
	s.hosts[h.Info.Hostname] = stored
	return nil
}

// TouchHost implements agent.Store.
func (s *Store) TouchHost(ctx context.Context, hostname string, at time.Time) error {
	unlock, err := s.enter(ctx, "TouchHost")
	if err != nil {
		return err
	}
	defer unlock()
	h := s.hosts[hostname]
	if h == nil {
		return fmt.Errorf("agent %s: %w", hostname, agent.ErrNotFound)
	}
	h.LastSeen = at
	return nil
}

// Host implements agent.Store.
func (s *Store) Host(ctx context.Context, hostname string) (*agent.Host, error) {
	unlock, err := s.enter(ctx, "Host")
	if err != nil {
		return nil, err
	}
	defer unlock()
	if h := s.hosts[hostname]; h != nil {
		return copied(h), nil
	}
	return nil, fmt.Errorf("agent %s: %w", hostname, agent.ErrNotFound)
}

// HostsNamed implements agent.Store.
func (s *Store) HostsNamed(ctx context.Context, hostnames []string) ([]*agent.Host, error) {
	unlock, err := s.enter(ctx, "HostsNamed")
	if err != nil {
		return nil, err
	}
	defer unlock()
	var named []*agent.Host
	for _, name := range slices.Compact(slices.Sorted(slices.Values(hostnames))) {
		if h := s.hosts[name]; h != nil {
			named = append(named, copied(h))
		}
	}
	return named, nil
}

// HostsDue implements agent.Store.
func (s *Store) HostsDue(ctx context.Context, status agent.HostStatus, before time.Time, limit int) ([]*agent.Host, error) {
	unlock, err := s.enter(ctx, "HostsDue")
	if err != nil {
		return nil, err
	}
	defer unlock()
	var due []*agent.Host
	for _, h := range s.hosts {
		if h.Status == status && h.LastChecked.Before(before) {
			due = append(due, copied(h))
		}
	}
	sort.Slice(due, func(i, j int) bool { return due[i].LastChecked.Before(due[j].LastChecked) })
	return due[:min(limit, len(due))], nil
}

// ForgetHosts implements agent.Store.
func (s *Store) ForgetHosts(ctx context.Context, unseenSince time.Time) ([]string, error) {
	unlock, err := s.enter(ctx, "ForgetHosts")
	if err != nil {
		return nil, err
	}
	defer unlock()
	var gone []string
	for name, h := range s.hosts {
		if h.LastSeen.Before(unseenSince) && !s.concerned(name) {
			delete(s.hosts, name)
			gone = append(gone, name)
		}
	}
	sort.Strings(gone)
	return gone, nil
}

// Audit implements agent.Store.
func (s *Store) Audit(ctx context.Context, e agent.AuditEntry) error {
	unlock, err := s.enter(ctx, "Audit")
	if err != nil {
		return err
	}
	defer unlock()
	s.audit = append(s.audit, agent.AuditRow{ID: int64(len(s.audit) + 1), AuditEntry: e})
	return nil
}

// Purge implements agent.Store.
func (s *Store) Purge(ctx context.Context, seedsBefore, auditBefore time.Time) error {
	unlock, err := s.enter(ctx, "Purge")
	if err != nil {
		return err
	}
	defer unlock()
	for id, seed := range s.seeds {
		if !seed.Active() && !seed.Releasing() && seed.EndedAt.Before(seedsBefore) {
			delete(s.seeds, id)
		}
	}
	rows := s.rows[:0]
	for _, row := range s.rows {
		if s.seeds[row.SeedID] != nil {
			rows = append(rows, row)
		}
	}
	s.rows = rows
	audit := s.audit[:0]
	for _, a := range s.audit {
		if !a.At.Before(auditBefore) {
			audit = append(audit, a)
		}
	}
	s.audit = audit
	return nil
}
