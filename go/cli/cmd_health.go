package cli

import (
	"context"
	"encoding/json"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type healthCmd struct{}

// Help implements kong.HelpProvider.
func (*healthCmd) Help() string {
	return lesson("Says by its exit status whether the node is healthy.", `
		orchestrator-seed health && echo healthy`, ask...)
}

// Run implements the command.
func (*healthCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.Health(), func(p *page, _ json.RawMessage) { p.line(green, "healthy") })
}
