package app

import (
	"context"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/http"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

var _ http.Node = (*App)(nil)

// NodeStatus is what this node says of itself; it asks the backend, for a second at most.
func (a *App) NodeStatus(ctx context.Context) seedapi.NodeStatus {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	fence, leads := a.leader.Leading()
	s := seedapi.NodeStatus{Node: a.node, Version: a.version, IsLeader: leads, Term: fence.Term, Backend: a.config.BackendDB, StartedAt: a.started, Healthy: true}
	s.Leader = a.leader.Current().Node
	if err := a.store.Ping(ctx); err != nil {
		s.Healthy, s.Problem = false, "The backend database does not answer: "+err.Error()
		return s
	}
	counts, err := a.store.CountSeeds(ctx)
	if err != nil {
		s.Healthy, s.Problem = false, "The seeds can't be read: "+err.Error()
		return s
	}
	for _, c := range counts {
		if c.Status != agentapi.Completed && c.Status != agentapi.Failed {
			s.ActiveSeeds += int(c.Count)
		}
	}
	hosts, err := a.store.HostNames(ctx, "")
	if err == nil {
		s.Agents = len(hosts)
	}
	return s
}
