package agentclient

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// carry puts the terms into the start of Prepare and Backup, for an agent that takes them. What holds the secret never
// shows up in an error text, should the agent repeat it.
func (r *request) carry(terms agentapi.SeedTerms) error {
	if !able(r.host, agentapi.AbilityStream) || r.stage != agentapi.Prepare && r.stage != agentapi.Backup {
		return nil
	}
	text, err := json.Marshal(terms)
	if err != nil {
		return fmt.Errorf("write the terms of a seed: %w", err)
	}
	value := base64.RawURLEncoding.EncodeToString(text)
	r.header = http.Header{http.CanonicalHeaderKey(agentapi.HeaderSeedTerms): {value}}
	r.secrets = append(r.secrets, value, terms.Secret)
	return nil
}

// Bandwidth bounds the seed's copy on that host from now on.
func (c *Client) Bandwidth(ctx context.Context, h *agent.Host, s *agent.Seed, bytesPerSecond int64) error {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	r := request{host: h, op: fmt.Sprintf("bound the bandwidth of seed %d", s.ID), stage: s.Stage,
		path: seedPath("bandwidth", s.ID, strconv.FormatInt(bytesPerSecond, 10))}
	if !able(h, agentapi.AbilityStream) {
		return &agent.OpError{Code: agent.CodeAgentRefused, Op: r.op, Host: h.Info.Hostname, Stage: s.Stage, Permanent: true,
			Text: "this agent takes no bandwidth", Hint: "install this project's orchestrator-agent there, or bound it in the agent's configuration"}
	}
	body, err := c.ok(ctx, r)
	if err != nil {
		return err
	}
	return r.done(body)
}
