package cli

import (
	"context"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentReleaseSeedCmd struct {
	SeedID int64 `arg:"" name:"seedid" help:"The seed's number." complete:"seed"`
}

// Help implements kong.HelpProvider.
func (*agentReleaseSeedCmd) Help() string {
	return lesson("Lets go of a failed seed that is held: what was copied so far is removed on both hosts and the old state put "+
		"back. agent-retry-seed can't be used after that.", `
		orchestrator-seed agent-release-seed 7`, ask...)
}

// Run implements the command.
func (c *agentReleaseSeedCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.ReleaseSeed(c.SeedID), func(p *page, _ bool) {
		p.line(normal, fmt.Sprintf("seed %d is being released; \"agent-seed-details %d\" shows how far that is", c.SeedID, c.SeedID))
	})
}
