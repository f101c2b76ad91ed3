package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type seedsCmd struct {
	Target string `name:"target" xor:"filter" placeholder:"HOST" help:"Only seeds with this target." complete:"host"`
	Source string `name:"source" xor:"filter" placeholder:"HOST" help:"Only seeds with this source." complete:"host"`
	Status string `name:"status" xor:"filter" placeholder:"STATUS" help:"Only seeds with this status." complete:"seed-status"`
	Page   *int   `name:"page" placeholder:"N" help:"Page N of 20 seeds each, counted from 0, which is also the default."`
}

// Help implements kong.HelpProvider.
func (*seedsCmd) Help() string {
	return lesson("Lists seeds, newest first, twenty at a time. One filter can be given.", `
		orchestrator-seed seeds
		orchestrator-seed seeds --target db2
		orchestrator-seed seeds --status Running --output json`, ask...)
}

// Run implements the command.
func (c *seedsCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.Seeds(client.SeedFilter{Target: c.Target, Source: c.Source, Status: c.Status, Page: c.Page}), seedList)
}
