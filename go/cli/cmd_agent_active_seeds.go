package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type activeSeedsCmd struct {
	Host string `arg:"" help:"Target or source." complete:"host"`
}

// Help implements kong.HelpProvider.
func (*activeSeedsCmd) Help() string {
	return lesson("Lists the seeds in which a host takes part now.", `
		orchestrator-seed agent-active-seeds db1`, ask...)
}

// Run implements the command.
func (c *activeSeedsCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.ActiveSeeds(c.Host), seedList)
}
