package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentSeedDetailsCmd struct {
	SeedID int64 `arg:"" name:"seedid" help:"The seed's number." complete:"seed"`
}

// Help implements kong.HelpProvider.
func (*agentSeedDetailsCmd) Help() string {
	return lesson("Shows one seed: where it stands, how far it is, what went wrong and what to do, and each side of it.", `
		orchestrator-seed agent-seed-details 7
		orchestrator-seed agent-seed-details 7 --output json`, ask...)
}

// Run implements the command.
func (c *agentSeedDetailsCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.SeedDetails(c.SeedID), seedDetails)
}
