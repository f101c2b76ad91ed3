package agentclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// notAborted is what a v2 agent says both when nothing runs and when it can't end what runs.
const notAborted = "Unable to abort seed"

// Abort ends what runs for the seed's current stage on that host.
func (c *Client) Abort(ctx context.Context, h *agent.Host, s *agent.Seed) error {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	return c.abort(ctx, h, s)
}

func (c *Client) abort(ctx context.Context, h *agent.Host, s *agent.Seed) error {
	stage, any := abortable(h, s)
	if !any {
		return nil
	}
	r := request{host: h, op: fmt.Sprintf("abort %s of seed %d", stage, s.ID), stage: stage,
		path: seedPath("abort-seed-stage", s.ID, string(stage)), query: attempt(h, s)}
	body, err := c.ok(ctx, r)
	var said *agent.OpError
	switch {
	case errors.Is(err, agent.ErrUnknownSeed):
		return nil
	case errors.As(err, &said) && said.Err == nil && strings.HasPrefix(said.Text, notAborted):
		return c.ended(ctx, h, s, stage, said)
	case err != nil:
		return err
	}
	if strings.Trim(strings.TrimSpace(string(body)), `"`) == "killed" {
		return nil
	}
	return r.done(body)
}

// abortable says which stage the agent is to be asked to abort; nothing of others runs on that host then.
func abortable(h *agent.Host, s *agent.Seed) (agent.Stage, bool) {
	side := sideOf(h, s)
	switch s.Stage {
	case agentapi.ConnectSlave: // the service's own stage
		return "", false
	case agentapi.Restore:
		return s.Stage, side == agentapi.Target
	case agentapi.Backup:
		if side == s.BackupSide || able(h, agentapi.AbilityAttempts) {
			return s.Stage, true
		}
		// An agent of others keeps the receiving end as a part of Prepare.
		return agentapi.Prepare, side == agentapi.Target
	}
	return s.Stage, true
}

// ended finds out what a v2 agent meant that would not abort.
func (c *Client) ended(ctx context.Context, h *agent.Host, s *agent.Seed, stage agent.Stage, said *agent.OpError) error {
	running, err := c.running(ctx, h, s, stage)
	if err != nil {
		return err
	}
	if !running {
		return nil
	}
	said.Err = agent.ErrStillRunning
	said.Hint = "this agent can't end what it has started; it is asked again until the work has ended by itself"
	return said
}

// Release lets go of everything that the seed holds on that host; it returns what became of the target's old data, as far
// as the agent says so.
func (c *Client) Release(ctx context.Context, h *agent.Host, s *agent.Seed, side agent.Side) (agentapi.OldData, error) {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	if !able(h, agentapi.AbilityRelease) {
		return "", c.releaseOther(ctx, h, s, side)
	}
	r := request{host: h, op: fmt.Sprintf("release seed %d", s.ID), stage: s.Stage, path: seedPath("release-seed", s.ID),
		query: attempt(h, s)}
	a, err := c.answered(ctx, r)
	if errors.Is(err, agent.ErrUnknownSeed) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	old, err := agentapi.ParseOldData(a.header.Get(agentapi.HeaderOldData))
	if err != nil { // not said, or a word of a newer agent
		old = ""
	}
	if strings.Trim(strings.TrimSpace(string(a.body)), `"`) == "released" {
		return old, nil
	}
	return old, r.done(a.body)
}

// releaseOther does for an agent of others what it can do: end the stage, then clean up and wait for that.
func (c *Client) releaseOther(ctx context.Context, h *agent.Host, s *agent.Seed, side agent.Side) error {
	cleanup := *s
	cleanup.Stage = agentapi.Cleanup
	if s.Stage != agentapi.Cleanup {
		if err := c.abort(ctx, h, s); err != nil {
			return err
		}
	}
	r := request{host: h, op: fmt.Sprintf("release seed %d", s.ID), stage: agentapi.Cleanup, once: true,
		path: seedPath("cleanup", s.ID, string(s.Method), string(side))}
	st, err := c.state(ctx, h, &cleanup, agentapi.Cleanup)
	switch {
	case errors.Is(err, agent.ErrUnreachable):
		return err
	case err == nil && st.Status == agentapi.Completed: // by an earlier call that could not wait so long
		return nil
	case err == nil && st.Status == agentapi.Running:
		return c.cleanedUp(ctx, r, &cleanup)
	}
	body, err := c.ok(ctx, r)
	if errors.Is(err, agent.ErrUnknownSeed) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := r.accepted(body); err != nil {
		return err
	}
	return c.cleanedUp(ctx, r, &cleanup)
}

// cleanedUp waits for the end of Cleanup as long as the call may last.
func (c *Client) cleanedUp(ctx context.Context, r request, s *agent.Seed) error {
	tick := time.NewTicker(c.opts.PollEvery)
	defer tick.Stop()
	goesOn := &agent.OpError{Code: agent.CodeAgentRefused, Op: r.op, Host: r.host.Info.Hostname, Stage: r.stage,
		Text: "cleaning up goes on", Err: agent.ErrStillRunning}
	for {
		st, err := c.state(ctx, r.host, s, agentapi.Cleanup)
		switch {
		case errors.Is(err, agent.ErrUnknownSeed):
			return nil
		case err != nil && ctx.Err() != nil:
			return goesOn
		case err != nil:
			return err
		case st.Status == agentapi.Completed:
			return nil
		case st.Status == agentapi.Error:
			return &agent.OpError{Code: agent.CodeStageFailed, Op: r.op, Host: r.host.Info.Hostname, Stage: r.stage,
				Text: "cleaning up failed: " + clip(r.redact(st.Details), 4096)}
		}
		select {
		case <-ctx.Done():
			return goesOn
		case <-tick.C:
		}
	}
}
