package app

import (
	"context"
	"errors"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

var _ agent.Topology = topology{}

// topology gives inst's errors the engine's shape.
type topology struct{ inst *inst.Topology }

func opError(err error) error {
	e, ok := errors.AsType[*inst.Error](err)
	if !ok {
		return err
	}
	return &agent.OpError{Code: e.Code, Op: e.Op, Host: e.Host, Text: e.Text, Hint: e.Hint, Permanent: e.Permanent, Err: e.Err}
}

func (t topology) ReadInstance(ctx context.Context, addr inst.Address) (*inst.Instance, error) {
	i, err := t.inst.ReadInstance(ctx, addr)
	return i, opError(err)
}

func (t topology) ConnectReplica(ctx context.Context, target, source inst.Address, at agentapi.Metadata, step func(string)) error {
	return opError(t.inst.ConnectReplica(ctx, target, source, at, step))
}

func (t topology) ReplicaState(ctx context.Context, target, source inst.Address) (*inst.ReplicaState, error) {
	s, err := t.inst.ReplicaState(ctx, target, source)
	return s, opError(err)
}

func (t topology) DisconnectReplica(ctx context.Context, target inst.Address) error {
	return opError(t.inst.DisconnectReplica(ctx, target))
}

func (t topology) ReplicationCredentials(ctx context.Context, source inst.Address) (user, password string, err error) {
	user, password, err = t.inst.ReplicationCredentials(ctx, source)
	return user, password, opError(err)
}

func (t topology) ClusterAlias(ctx context.Context, addr inst.Address) (string, error) {
	alias, err := t.inst.ClusterAlias(ctx, addr)
	return alias, opError(err)
}
