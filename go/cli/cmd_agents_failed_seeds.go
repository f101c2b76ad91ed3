package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type failedSeedsCmd struct{}

// Help implements kong.HelpProvider.
func (*failedSeedsCmd) Help() string {
	return lesson("Lists the seeds that failed or were aborted.", `
		orchestrator-seed agents-failed-seeds`, ask...)
}

// Run implements the command.
func (*failedSeedsCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.FailedSeeds(), seedList)
}
