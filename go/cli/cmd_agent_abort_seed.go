package cli

import (
	"context"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentAbortSeedCmd struct {
	SeedID int64 `arg:"" name:"seedid" help:"The seed's number." complete:"seed"`
	Force  bool  `name:"force" help:"Give up on agents that do not answer."`
}

// Help implements kong.HelpProvider.
func (*agentAbortSeedCmd) Help() string {
	return lesson("Ends a live seed: its agents are told to stop and to put things back. An agent that does not answer is asked "+
		"again until it does; --force gives up on it.", `
		orchestrator-seed agent-abort-seed 7
		orchestrator-seed agent-abort-seed 7 --force`, ask...)
}

// Run implements the command.
func (c *agentAbortSeedCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.AbortSeed(c.SeedID, c.Force), func(p *page, _ bool) {
		p.line(normal, fmt.Sprintf("seed %d is being aborted; \"agent-seed-details %d\" shows how far that is", c.SeedID, c.SeedID))
	})
}
