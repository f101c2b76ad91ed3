package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentMountCmd struct {
	Host string `arg:"" help:"The agent's host." complete:"host"`
	LV   string `name:"lv" required:"" placeholder:"PATH" help:"Path of the logical volume."`
}

// Help implements kong.HelpProvider.
func (*agentMountCmd) Help() string {
	return lesson("Mounts a logical volume, such as a snapshot, at the agent's mount point.", `
		orchestrator-seed agent-mount db1 --lv /dev/vg0/mysql-snap`, ask...)
}

// Run implements the command.
func (c *agentMountCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.Mount(c.Host, c.LV), agentDetails)
}
