package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type mysqlStopCmd struct {
	Host string `arg:"" help:"The agent's host." complete:"host"`
}

// Help implements kong.HelpProvider.
func (*mysqlStopCmd) Help() string {
	return lesson("Stops MySQL on a host with the command of its agent's configuration. Its clients lose their connections.", `
		orchestrator-seed agent-mysql-stop db1`, ask...)
}

// Run implements the command.
func (c *mysqlStopCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.MySQLStop(c.Host), agentDetails)
}
