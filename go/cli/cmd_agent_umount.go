package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentUmountCmd struct {
	Host string `arg:"" help:"The agent's host." complete:"host"`
}

// Help implements kong.HelpProvider.
func (*agentUmountCmd) Help() string {
	return lesson("Unmounts what is mounted at the agent's mount point.", `
		orchestrator-seed agent-umount db1`, ask...)
}

// Run implements the command.
func (c *agentUmountCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.Unmount(c.Host), agentDetails)
}
