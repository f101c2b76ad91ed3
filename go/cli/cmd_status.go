package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type statusCmd struct{}

// Help implements kong.HelpProvider.
func (*statusCmd) Help() string {
	return lesson("Shows what the node says of itself: version, backend, whether it leads and is healthy.", `
		orchestrator-seed status`, ask...)
}

// Run implements the command.
func (*statusCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.Status(), nodeStatus)
}
