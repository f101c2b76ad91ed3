package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type recentSeedsCmd struct {
	Host string `arg:"" help:"Target or source." complete:"host"`
}

// Help implements kong.HelpProvider.
func (*recentSeedsCmd) Help() string {
	return lesson("Lists the last ten seeds in which a host took part.", `
		orchestrator-seed agent-recent-seeds db1`, ask...)
}

// Run implements the command.
func (c *recentSeedsCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.RecentSeeds(c.Host), seedList)
}
