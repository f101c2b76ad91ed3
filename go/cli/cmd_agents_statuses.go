package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentsStatusesCmd struct {
	Prefix string `arg:"" optional:"" help:"How the statuses begin, in any case."`
}

// Help implements kong.HelpProvider.
func (*agentsStatusesCmd) Help() string {
	return lesson("Lists the statuses that an agent can have.", `
		orchestrator-seed agents-statuses`, ask...)
}

// Run implements the command.
func (c *agentsStatusesCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.AgentsStatuses(c.Prefix), words)
}
