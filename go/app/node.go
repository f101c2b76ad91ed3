package app

import (
	"context"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/http"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

var _ http.Node = (*App)(nil)

// healthAge is for how long the backend's answer stands: many may ask for the node's status, and each answer is a write.
const healthAge = 500 * time.Millisecond

// health is what the backend said when it was last asked.
type health struct {
	mu     sync.Mutex
	at     time.Time
	status seedapi.NodeStatus
}

// NodeStatus is what this node says of itself; it asks the backend, for a second at most, or tells what it said a moment ago.
func (a *App) NodeStatus(ctx context.Context) seedapi.NodeStatus {
	s := a.backendStatus(ctx)
	fence, leads := a.leader.Leading()
	s.Node, s.Version, s.Backend, s.StartedAt = a.node, a.version, a.config.BackendDB, a.started
	s.IsLeader, s.Term, s.Leader = leads, fence.Term, a.leader.Current().Node
	return s
}

// backendStatus is the part that the backend knows; callers at the same time share one answer.
func (a *App) backendStatus(ctx context.Context) seedapi.NodeStatus {
	h := &a.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.at) < healthAge {
		return h.status
	}
	// Not with the caller's patience: others take the answer as well.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	h.status, h.at = a.askBackend(ctx), time.Now()
	return h.status
}

func (a *App) askBackend(ctx context.Context) seedapi.NodeStatus {
	s := seedapi.NodeStatus{Healthy: true}
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
	if n, err := a.store.CountHosts(ctx); err == nil {
		s.Agents = n
	}
	return s
}
