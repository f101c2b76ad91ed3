package cli

import (
	"context"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentRetrySeedCmd struct {
	SeedID int64 `arg:"" name:"seedid" help:"The seed's number." complete:"seed"`
	Wait   bool  `name:"wait" short:"w" help:"Watch the seed until it ends."`
	watchFlags
}

// Help implements kong.HelpProvider.
func (*agentRetrySeedCmd) Help() string {
	return lesson("Takes up a failed seed again at the stage where it failed. That works while the seed is held; one that was "+
		"released has to be started anew.", `
		orchestrator-seed agent-retry-seed 7 --wait`, waiting...)
}

// Run implements the command.
func (c *agentRetrySeedCmd) Run(ctx context.Context, s *session) error {
	call := client.RetrySeed(c.SeedID)
	if !c.Wait {
		return show(ctx, s, call, func(p *page, _ bool) { p.line(normal, fmt.Sprintf("seed %d goes on", c.SeedID)) })
	}
	api, err := s.service()
	if err != nil {
		return err
	}
	if _, err := call.Do(ctx, api); err != nil {
		return err
	}
	s.say("seed %d goes on", c.SeedID)
	return watchSeed(ctx, s, c.SeedID, c.watchFlags)
}
