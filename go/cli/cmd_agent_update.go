package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentUpdateCmd struct {
	Host string `arg:"" help:"The agent's host." complete:"host"`
}

// Help implements kong.HelpProvider.
func (*agentUpdateCmd) Help() string {
	return lesson("Makes the service ask the agent now instead of at the next poll, and shows the answer.", `
		orchestrator-seed agent-update db1`, ask...)
}

// Run implements the command.
func (c *agentUpdateCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.UpdateAgent(c.Host), agentDetails)
}
