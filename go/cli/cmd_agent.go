package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentCmd struct {
	Host string `arg:"" help:"The agent's host." complete:"host"`
}

// Help implements kong.HelpProvider.
func (*agentCmd) Help() string {
	return lesson("Shows an agent, its host and its MySQL, as they were when the agent was last asked.", `
		orchestrator-seed agent db1
		orchestrator-seed agent db1 --output json`, ask...)
}

// Run implements the command.
func (c *agentCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.Agent(c.Host), agentDetails)
}
