package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentRemovelvCmd struct {
	Host string `arg:"" help:"The agent's host." complete:"host"`
	LV   string `name:"lv" required:"" placeholder:"PATH" help:"Path of the logical volume."`
}

// Help implements kong.HelpProvider.
func (*agentRemovelvCmd) Help() string {
	return lesson("Removes a logical volume, such as an old snapshot. It can't be brought back.", `
		orchestrator-seed agent-removelv db1 --lv /dev/vg0/mysql-snap`, ask...)
}

// Run implements the command.
func (c *agentRemovelvCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.RemoveLV(c.Host, c.LV), agentDetails)
}
