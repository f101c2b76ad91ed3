package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type seedsStatusesCmd struct {
	Prefix string `arg:"" optional:"" help:"How the statuses begin, in any case."`
}

// Help implements kong.HelpProvider.
func (*seedsStatusesCmd) Help() string {
	return lesson("Lists the statuses that a seed can have.", `
		orchestrator-seed seeds-statuses`, ask...)
}

// Run implements the command.
func (c *seedsStatusesCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.SeedsStatuses(c.Prefix), words)
}
