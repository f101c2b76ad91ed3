package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
)

// cycles notes what the engine says of its cycles.
type cycles struct {
	mu   sync.Mutex
	took []time.Duration
	over chan struct{} // gets a value when a cycle has ended
}

var _ agent.Meter = (*cycles)(nil)

// Cycle implements agent.Meter.
func (c *cycles) Cycle(took time.Duration, _ int) {
	c.mu.Lock()
	c.took = append(c.took, took)
	c.mu.Unlock()
	select {
	case c.over <- struct{}{}:
	default:
	}
}

// pass returns when n cycles have ended, or ctx has.
func (c *cycles) pass(ctx context.Context, n int) error {
	for range n {
		select {
		case <-c.over:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// take returns the cycles since it was last called.
func (c *cycles) take() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	took := c.took
	c.took = nil
	return took
}

// StageEnded implements agent.Meter.
func (*cycles) StageEnded(agent.Stage, agent.Method, bool, time.Duration) {}

// AgentCall implements agent.Meter.
func (*cycles) AgentCall(string, time.Duration, error) {}

// runEngine runs the engine with its bare ticker, under a lease that nobody else wants, until stop is called.
func runEngine(ctx context.Context, s *store.Store, interval time.Duration) (c *cycles, stop func(), err error) {
	term, led, err := s.AcquireLease(ctx, "bench", time.Hour)
	if err != nil || !led {
		return nil, nil, errors.Join(errors.New("the lease can't be had"), err)
	}
	c = &cycles{over: make(chan struct{}, 1)}
	policy := agent.DefaultPolicy()
	policy.EventDriven, policy.Interval = false, interval
	client := agentclient.New(agentclient.Options{})
	e := agent.New(agent.Options{Store: s, Client: client, Topology: noTopology{}, Checks: noChecks{}, Policy: policy, Meter: c, Leader: term1(term)})
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		e.Run(ctx)
		close(done)
	}()
	return c, func() {
		cancel()
		<-done
		client.Close()
	}, nil
}

type term1 int64

// Leading implements agent.Leader.
func (t term1) Leading() (agent.Fence, bool) { return agent.Fence{Term: int64(t)}, true }

type noChecks struct{}

// Run implements agent.Checks.
func (noChecks) Run(context.Context, agent.Method, string, string) ([]agent.Check, error) {
	return nil, nil
}

// noTopology is asked nothing, because no seed gets beyond Backup.
type noTopology struct{}

var errNoTopology = errors.New("there is no MySQL in this benchmark")

func (noTopology) ReadInstance(context.Context, inst.Address) (*inst.Instance, error) {
	return nil, errNoTopology
}

func (noTopology) ConnectReplica(context.Context, inst.Address, inst.Address, agentapi.Metadata, func(string)) error {
	return errNoTopology
}

func (noTopology) ReplicaState(context.Context, inst.Address, inst.Address) (*inst.ReplicaState, error) {
	return nil, errNoTopology
}

func (noTopology) DisconnectReplica(context.Context, inst.Address) error { return errNoTopology }

func (noTopology) ReplicationCredentials(context.Context, inst.Address) (string, string, error) {
	return "", "", errNoTopology
}

func (noTopology) ClusterAlias(context.Context, inst.Address) (string, error) { return "", nil }
