package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentsHostsCmd struct {
	Prefix string `arg:"" optional:"" help:"How the names begin." complete:"host"`
}

// Help implements kong.HelpProvider.
func (*agentsHostsCmd) Help() string {
	return lesson("Lists the names of the hosts that have an agent.", `
		orchestrator-seed agents-hosts
		orchestrator-seed agents-hosts db-eu-`, ask...)
}

// Run implements the command.
func (c *agentsHostsCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.AgentsHosts(c.Prefix), words)
}
