package cli

import (
	"context"
	"encoding/json"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type leaderCheckCmd struct{}

// Help implements kong.HelpProvider.
func (*leaderCheckCmd) Help() string {
	return lesson("Says by its exit status whether the node leads. With one URL in --api that node is asked.", `
		orchestrator-seed leader-check --api http://seed1:3000`, ask...)
}

// Run implements the command.
func (*leaderCheckCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.LeaderCheck(), func(p *page, _ json.RawMessage) { p.line(green, "leads") })
}
