package agentclient

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Data asks for the agent's facts, over a connection of its own: it is asked of every agent now and then, and connections to
// all of them are not kept.
func (c *Client) Data(ctx context.Context, h *agent.Host) (*agentapi.Data, error) {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	r := request{host: h, op: "read the facts of the agent", path: []string{"get-agent-data"}, limit: dataLimit, once: true}
	body, err := c.ok(ctx, r)
	if err != nil {
		return nil, err
	}
	d := new(agentapi.Data)
	if !object(body, d, "MySQLDatadir", "BackupDir", "AvailiableSeedMethods") {
		return nil, r.notPromised(body, "an agent's data")
	}
	return d, nil
}

// Start starts the seed's current stage. The terms go to agents that take them, in a header: they hold the stream's secret. An agent of others would start a second time what runs already, so it is asked
// first.
func (c *Client) Start(ctx context.Context, h *agent.Host, s *agent.Seed, side agent.Side, terms agentapi.SeedTerms) error {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	r := request{host: h, op: fmt.Sprintf("start %s of seed %d", s.Stage, s.ID), stage: s.Stage, query: attempt(h, s), once: true}
	method := string(s.Method)
	switch s.Stage {
	case agentapi.Prepare:
		r.path = seedPath("prepare", s.ID, method, string(side))
	case agentapi.Backup:
		peer := s.SourceHost
		if side == agentapi.Source {
			peer = s.TargetHost
		}
		r.path = seedPath("backup", s.ID, method, peer, strconv.Itoa(terms.SourceMySQLPort))
	case agentapi.Restore:
		r.path = seedPath("restore", s.ID, method)
	case agentapi.Cleanup:
		r.path = seedPath("cleanup", s.ID, method, string(side))
	default:
		return &agent.OpError{Code: agent.CodeAgentRefused, Op: r.op, Host: h.Info.Hostname, Stage: s.Stage,
			Text: fmt.Sprintf("stage %q is not one that agents carry out", s.Stage), Permanent: true, Err: agent.ErrBadInput}
	}
	if err := r.carry(terms); err != nil {
		return err
	}
	if !able(h, agentapi.AbilityAttempts) {
		running, err := c.running(ctx, h, s, s.Stage)
		if err != nil || running {
			return err
		}
	}
	body, err := c.ok(ctx, r)
	if err != nil {
		return err
	}
	return r.accepted(body)
}

// running says whether that stage of the seed runs; an agent that answers anything but its state runs nothing of it.
func (c *Client) running(ctx context.Context, h *agent.Host, s *agent.Seed, stage agent.Stage) (bool, error) {
	st, err := c.state(ctx, h, s, stage)
	if errors.Is(err, agent.ErrUnreachable) {
		return false, err
	}
	return err == nil && st.Status == agentapi.Running, nil
}

// StageState asks for the state of the seed's current stage and attempt.
func (c *Client) StageState(ctx context.Context, h *agent.Host, s *agent.Seed) (*agentapi.SeedStageState, error) {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	return c.state(ctx, h, s, s.Stage)
}

func (c *Client) state(ctx context.Context, h *agent.Host, s *agent.Seed, stage agent.Stage) (*agentapi.SeedStageState, error) {
	r := request{host: h, op: fmt.Sprintf("ask for the state of %s of seed %d", stage, s.ID), stage: stage,
		path: seedPath("seed-stage-state", s.ID, string(stage)), query: attempt(h, s)}
	body, err := c.ok(ctx, r)
	if err != nil {
		return nil, err
	}
	st, err := r.stageState(body, s, stage)
	if err != nil {
		return nil, err
	}
	if stage == s.Stage && st.Attempt != 0 && st.Attempt != s.Attempt {
		return nil, &agent.OpError{Code: agent.CodeAgentForgot, Op: r.op, Host: h.Info.Hostname, Stage: stage,
			Text: fmt.Sprintf("the agent knows attempt %d, not attempt %d", st.Attempt, s.Attempt), Err: agent.ErrUnknownSeed}
	}
	return st, nil
}

// Metadata asks the target where the copy stands in the source's binary log.
func (c *Client) Metadata(ctx context.Context, h *agent.Host, s *agent.Seed) (*agentapi.Metadata, error) {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	r := request{host: h, op: fmt.Sprintf("read the position of seed %d", s.ID), stage: s.Stage,
		path: seedPath("get-metadata", s.ID, string(s.Method))}
	body, err := c.ok(ctx, r)
	if err != nil {
		return nil, err
	}
	m := new(agentapi.Metadata)
	if !object(body, m, "LogFile", "LogPos", "GtidExecuted") || (m.LogFile == "" && m.GtidExecuted == "") || m.LogPos < 0 {
		return nil, r.notPromised(body, "a position in a binary log")
	}
	return m, nil
}

// PostSeed runs the agent's post-seed-command.
func (c *Client) PostSeed(ctx context.Context, h *agent.Host, s *agent.Seed) (string, error) {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	r := request{host: h, op: fmt.Sprintf("run the post-seed command of seed %d", s.ID), stage: s.Stage,
		path: seedPath("post-seed-cmd", s.ID), once: true}
	body, err := c.ok(ctx, r)
	if err != nil {
		return "", err
	}
	return r.message(body)
}

// attempt is the query by which our agents tell a repeated call from a new one.
func attempt(h *agent.Host, s *agent.Seed) url.Values {
	if !able(h, agentapi.AbilityAttempts) {
		return nil
	}
	return url.Values{agentapi.QueryAttempt: {strconv.FormatInt(s.Attempt, 10)}}
}
