package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type createSnapshotCmd struct {
	Host string `arg:"" help:"The agent's host." complete:"host"`
}

// Help implements kong.HelpProvider.
func (*createSnapshotCmd) Help() string {
	return lesson("Takes a snapshot of MySQL's volume with the command of the agent's configuration.", `
		orchestrator-seed agent-create-snapshot db1`, ask...)
}

// Run implements the command.
func (c *createSnapshotCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.CreateSnapshot(c.Host), agentDetails)
}
