package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentDataCmd struct {
	Host string `arg:"" help:"The agent's host." complete:"host"`
}

// Help implements kong.HelpProvider.
func (*agentDataCmd) Help() string {
	return lesson("Shows what an agent last said of its host: disks, schemas, seed methods, volumes.", `
		orchestrator-seed agent-data db1
		orchestrator-seed agent-data db1 --output yaml`, ask...)
}

// Run implements the command.
func (c *agentDataCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.AgentData(c.Host), agentFacts)
}
