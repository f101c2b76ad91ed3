package simulation

import (
	"context"
	"errors"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// client is the way of one process to the agents.
type client struct{ p *process }

var _ agent.AgentClient = (*client)(nil)

func (c *client) send(ctx context.Context, kind string, h *agent.Host, s *agent.Seed, effect func(h *host, q request) error) error {
	q, to := requestOf(s, h.Info.Hostname), c.p.w.hosts[h.Info.Hostname]
	what := call{to: "agent", kind: kind + " " + string(s.Stage) + "#" + digits(s.Attempt), host: h.Info.Hostname, seed: s.ID}
	return c.p.send(ctx, what, func() error { return effect(to, q) })
}

func (c *client) Data(ctx context.Context, h *agent.Host) (data *agentapi.Data, err error) {
	to := c.p.w.hosts[h.Info.Hostname]
	answer := make(chan *agentapi.Data, 2)
	err = c.p.send(ctx, call{to: "agent", kind: "Data", host: h.Info.Hostname}, func() error {
		answer <- to.facts()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return <-answer, nil
}

func (c *client) Start(ctx context.Context, h *agent.Host, s *agent.Seed, _ agent.Side, _ agentapi.SeedTerms) error {
	again := c.p.w.sabotage == startsTwice
	return c.send(ctx, "start", h, s, func(h *host, q request) error {
		err := h.start(q)
		if again && err == nil {
			h.begin(h.seeds[q.seed], q)
		}
		return err
	})
}

func (c *client) StageState(ctx context.Context, h *agent.Host, s *agent.Seed) (*agentapi.SeedStageState, error) {
	answer := make(chan *agentapi.SeedStageState, 2)
	err := c.send(ctx, "state", h, s, func(h *host, q request) error {
		st, err := h.state(q)
		answer <- st
		return err
	})
	if err != nil {
		return nil, err
	}
	return <-answer, nil
}

func (c *client) Metadata(ctx context.Context, h *agent.Host, s *agent.Seed) (*agentapi.Metadata, error) {
	err := c.send(ctx, "metadata", h, s, func(h *host, q request) error {
		if known := h.seeds[q.seed]; known == nil || known.released {
			return unknownSeed("metadata", h.name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &agentapi.Metadata{LogFile: "binlog.000001", LogPos: 4}, nil
}

func (c *client) Abort(ctx context.Context, h *agent.Host, s *agent.Seed) error {
	if s.Stage == agentapi.ConnectSlave || s.Stage == agentapi.Restore && s.SourceHost == h.Info.Hostname {
		return nil // as agentclient: nothing runs there then
	}
	return c.send(ctx, "abort", h, s, func(h *host, q request) error {
		switch c.p.w.sabotage {
		case abortsOnlySayIt:
			return nil
		case neverEnds:
			return unreachable(call{kind: "abort", host: h.name}, "never")
		}
		return h.abort(q)
	})
}

func (c *client) Release(ctx context.Context, h *agent.Host, s *agent.Seed, _ agent.Side) (agentapi.OldData, error) {
	answer := make(chan agentapi.OldData, 2)
	err := c.send(ctx, "release", h, s, func(h *host, q request) error {
		if c.p.w.sabotage == releasesOnlySayIt {
			answer <- ""
			return nil
		}
		old, err := h.release(q)
		answer <- old
		return err
	})
	if err != nil {
		return "", err
	}
	return <-answer, nil
}

func (c *client) Bandwidth(ctx context.Context, h *agent.Host, s *agent.Seed, _ int64) error {
	return c.send(ctx, "bandwidth", h, s, func(h *host, q request) error {
		if known := h.seeds[q.seed]; known == nil || known.released {
			return unknownSeed("bandwidth", h.name)
		}
		return nil
	})
}

var errNotHere = errors.New("not needed in a simulation")

func (c *client) PostSeed(context.Context, *agent.Host, *agent.Seed) (string, error) {
	return "", errNotHere
}
func (c *client) MySQLStart(context.Context, *agent.Host) error              { return errNotHere }
func (c *client) MySQLStop(context.Context, *agent.Host) error               { return errNotHere }
func (c *client) MySQLErrorLog(context.Context, *agent.Host) (string, error) { return "", errNotHere }
func (c *client) MountLV(context.Context, *agent.Host, string) error         { return errNotHere }
func (c *client) Unmount(context.Context, *agent.Host) error                 { return errNotHere }
func (c *client) RemoveLV(context.Context, *agent.Host, string) error        { return errNotHere }
func (c *client) CreateSnapshot(context.Context, *agent.Host) error          { return errNotHere }
func (c *client) CustomCommand(context.Context, *agent.Host, string) (string, error) {
	return "", errNotHere
}
func (c *client) ProbeMySQL(context.Context, *agent.Host, agentapi.ProbeMySQL) (agentapi.ProbeResult, error) {
	return agentapi.ProbeResult{}, errNotHere
}
func (c *client) ProbeDataPort(context.Context, *agent.Host, *agent.Host) (agentapi.ProbeResult, error) {
	return agentapi.ProbeResult{}, errNotHere
}

// topology is the way of one process to the MySQL servers.
type topology struct{ p *process }

var _ agent.Topology = (*topology)(nil)

func (t *topology) send(ctx context.Context, kind, host string, effect func(h *host) error) error {
	h := t.p.w.hosts[host]
	return t.p.send(ctx, call{to: "mysql", kind: kind, host: host}, func() error { return effect(h) })
}

func (t *topology) ConnectReplica(ctx context.Context, target, source inst.Address, _ agentapi.Metadata, step func(string)) error {
	step("Stopping replication")
	return t.send(ctx, "connect", target.Host, func(h *host) error {
		h.ruleConnect(t.p, source.Host)
		h.replicaOf, h.lagAt, h.connectedBy = source.Host, time.Now(), h.data
		return nil
	})
}

func (t *topology) ReplicaState(ctx context.Context, target, source inst.Address) (*inst.ReplicaState, error) {
	answer := make(chan *inst.ReplicaState, 2)
	err := t.send(ctx, "look", target.Host, func(h *host) error {
		if h.replicaOf != source.Host {
			return &agent.OpError{Code: "not-a-replica", Op: "look", Host: h.name, Text: "it does not replicate from there", Hint: "none"}
		}
		lag := max(0, 5-int64(time.Since(h.lagAt).Seconds()))
		answer <- &inst.ReplicaState{IORunning: true, SQLRunning: true, IOState: "Yes", LagSeconds: 4 * lag}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return <-answer, nil
}

func (t *topology) DisconnectReplica(ctx context.Context, target inst.Address) error {
	return t.send(ctx, "disconnect", target.Host, func(h *host) error {
		h.replicaOf, h.connectedBy = "", 0
		return nil
	})
}

func (t *topology) ReadInstance(context.Context, inst.Address) (*inst.Instance, error) {
	return nil, errNotHere
}
func (t *topology) ReplicationCredentials(context.Context, inst.Address) (string, string, error) {
	return "", "", errNotHere
}
func (t *topology) ClusterAlias(context.Context, inst.Address) (string, error) { return "", nil }

// checks always pass: the refusals of the store itself are what is tried here.
type checks struct{ p *process }

func (c checks) Run(ctx context.Context, _ agent.Method, target, source string) ([]agent.Check, error) {
	return nil, c.p.sleep(ctx, call{to: "checks", host: target, kind: source}, 3*time.Millisecond)
}
