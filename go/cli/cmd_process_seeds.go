package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type processSeedsCmd struct{}

// Help implements kong.HelpProvider.
func (*processSeedsCmd) Help() string {
	return lesson("Makes the service run one cycle now: every active seed takes one step, one that waits for its retry included. Lists the seeds that were stepped.", `
		orchestrator-seed process-seeds`, ask...)
}

// Run implements the command.
func (*processSeedsCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.ProcessSeeds(), seedList)
}
