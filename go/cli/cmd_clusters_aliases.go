package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type clustersAliasesCmd struct {
	Prefix string `arg:"" optional:"" help:"How the names begin." complete:"cluster"`
}

// Help implements kong.HelpProvider.
func (*clustersAliasesCmd) Help() string {
	return lesson("Lists the names of the clusters that agents' servers belong to.", `
		orchestrator-seed clusters-aliases shop`, ask...)
}

// Run implements the command.
func (c *clustersAliasesCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.ClustersAliases(c.Prefix), words)
}
