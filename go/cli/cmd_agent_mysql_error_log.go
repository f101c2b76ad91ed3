package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type mysqlErrorLogCmd struct {
	Host string `arg:"" help:"The agent's host." complete:"host"`
}

// Help implements kong.HelpProvider.
func (*mysqlErrorLogCmd) Help() string {
	return lesson("Shows the end of MySQL's error log on a host.", `
		orchestrator-seed agent-mysql-error-log db1`, ask...)
}

// Run implements the command.
func (c *mysqlErrorLogCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.MySQLErrorLog(c.Host), text)
}
