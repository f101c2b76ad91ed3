package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type auditCmd struct {
	Page *int `name:"page" placeholder:"N" help:"Page N, counted from 0, which is also the default."`
}

// Help implements kong.HelpProvider.
func (*auditCmd) Help() string {
	return lesson("Shows who did what, newest first.", `
		orchestrator-seed audit
		orchestrator-seed audit --page 1`, ask...)
}

// Run implements the command.
func (c *auditCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.Audit(c.Page), auditList)
}
