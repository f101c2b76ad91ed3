package agent

import (
	"context"
	"errors"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// connect does steps 1 to 5 of ConnectSlave: where the copy stands comes from the target's agent, the rest is done on the
// target's MySQL. All of it may be repeated.
func (e *Engine) connect(ctx context.Context, s *Seed, known hosts) *ReplicationReport {
	r := &ReplicationReport{Metadata: s.Engine.Metadata}
	target, source := known[agentapi.Target], known[agentapi.Source]
	for _, side := range agentapi.Sides {
		if known[side] == nil {
			return r.failed(&OpError{
				Code: CodeAgentUnreachable, Op: "connect the replica", Host: s.Host(side), Stage: s.Stage, Text: "its agent is not registered",
				Hint: "start orchestrator-agent there, so that it registers again", Err: ErrUnreachable,
			})
		}
	}
	if r.Metadata == nil {
		m, err := e.client.Metadata(ctx, target, s)
		if err != nil {
			return r.failed(err)
		}
		r.Metadata = m
		r.Steps = append(r.Steps, fmt.Sprintf("Copy stands at %s:%d, GTID %q", m.LogFile, m.LogPos, m.GtidExecuted))
	}
	err := e.topology.ConnectReplica(ctx, address(target), address(source), *r.Metadata, func(text string) {
		r.Steps = append(r.Steps, text)
	})
	if err != nil {
		return r.failed(err)
	}
	return r
}

// look reads what the gate needs.
func (e *Engine) look(ctx context.Context, s *Seed, known hosts) *ReplicationReport {
	r := &ReplicationReport{}
	target, source := known[agentapi.Target], known[agentapi.Source]
	if target == nil || source == nil {
		return r.failed(&OpError{Code: CodeAgentUnreachable, Op: "look at the replica", Text: "an agent of the seed is not registered", Err: ErrUnreachable})
	}
	state, err := e.topology.ReplicaState(ctx, address(target), address(source))
	if err != nil {
		return r.failed(err)
	}
	r.Replica = state
	return r
}

// disconnect takes the target of an aborted seed out of replication.
func (e *Engine) disconnect(ctx context.Context, s *Seed, known hosts) *ReplicationReport {
	r := &ReplicationReport{}
	target := known[agentapi.Target]
	if target == nil {
		return r.failed(&OpError{Code: CodeAgentUnreachable, Op: "stop replication", Host: s.TargetHost, Text: "its agent is not registered", Err: ErrUnreachable})
	}
	if err := e.topology.DisconnectReplica(ctx, address(target)); err != nil {
		return r.failed(err)
	}
	return r
}

func (r *ReplicationReport) failed(err error) *ReplicationReport {
	p := Problem{Code: CodeTopology, Text: err.Error()}
	if op, ok := errors.AsType[*OpError](err); ok {
		p = op.Problem()
	}
	r.Problem = &p
	return r
}
