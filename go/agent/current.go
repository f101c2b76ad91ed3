package agent

import (
	"context"
	"errors"
	"slices"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// current calls agents with their registration from memory. A call that gets no proper answer, or a refusal, may have gone
// to where the agent was, or carried a token that it no longer takes: the registration is read again, and if it has changed
// the call is made again at once instead of being a failure. It replaces the calls that the engine makes for seeds.
type current struct {
	AgentClient
	store Store
	cache *hostCache
	clock Clock
}

// latest is the host as registered now, if that is not what h says.
func (c *current) latest(ctx context.Context, h *Host, failed error) *Host {
	if failed == nil || ctx.Err() != nil || errors.Is(failed, ErrUnknownSeed) || errors.Is(failed, ErrStillRunning) {
		return nil
	}
	now, err := c.store.Host(ctx, h.Info.Hostname)
	if err != nil {
		return nil
	}
	kept := c.cache.put(now, c.clock.Now())
	if sameCalls(h, kept) {
		return nil
	}
	return kept
}

// sameCalls says whether calls to both would be the same.
func sameCalls(a, b *Host) bool {
	able := func(h *Host) []string {
		if h.Data == nil {
			return nil
		}
		return h.Data.Abilities
	}
	return a.Info == b.Info && slices.Equal(able(a), able(b))
}

func (c *current) Data(ctx context.Context, h *Host) (*agentapi.Data, error) {
	d, err := c.AgentClient.Data(ctx, h)
	if now := c.latest(ctx, h, err); now != nil {
		return c.AgentClient.Data(ctx, now)
	}
	return d, err
}

func (c *current) Start(ctx context.Context, h *Host, s *Seed, side Side, terms agentapi.SeedTerms) error {
	err := c.AgentClient.Start(ctx, h, s, side, terms)
	if now := c.latest(ctx, h, err); now != nil {
		return c.AgentClient.Start(ctx, now, s, side, terms)
	}
	return err
}

func (c *current) StageState(ctx context.Context, h *Host, s *Seed) (*agentapi.SeedStageState, error) {
	st, err := c.AgentClient.StageState(ctx, h, s)
	if now := c.latest(ctx, h, err); now != nil {
		return c.AgentClient.StageState(ctx, now, s)
	}
	return st, err
}

func (c *current) Metadata(ctx context.Context, h *Host, s *Seed) (*agentapi.Metadata, error) {
	m, err := c.AgentClient.Metadata(ctx, h, s)
	if now := c.latest(ctx, h, err); now != nil {
		return c.AgentClient.Metadata(ctx, now, s)
	}
	return m, err
}

func (c *current) Abort(ctx context.Context, h *Host, s *Seed) error {
	err := c.AgentClient.Abort(ctx, h, s)
	if now := c.latest(ctx, h, err); now != nil {
		return c.AgentClient.Abort(ctx, now, s)
	}
	return err
}

func (c *current) Release(ctx context.Context, h *Host, s *Seed, side Side) (agentapi.OldData, error) {
	old, err := c.AgentClient.Release(ctx, h, s, side)
	if now := c.latest(ctx, h, err); now != nil {
		return c.AgentClient.Release(ctx, now, s, side)
	}
	return old, err
}

func (c *current) Bandwidth(ctx context.Context, h *Host, s *Seed, bytesPerSecond int64) error {
	err := c.AgentClient.Bandwidth(ctx, h, s, bytesPerSecond)
	if now := c.latest(ctx, h, err); now != nil {
		return c.AgentClient.Bandwidth(ctx, now, s, bytesPerSecond)
	}
	return err
}

func (c *current) PostSeed(ctx context.Context, h *Host, s *Seed) (string, error) {
	out, err := c.AgentClient.PostSeed(ctx, h, s)
	if now := c.latest(ctx, h, err); now != nil {
		return c.AgentClient.PostSeed(ctx, now, s)
	}
	return out, err
}
