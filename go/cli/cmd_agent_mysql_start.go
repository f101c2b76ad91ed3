package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type mysqlStartCmd struct {
	Host string `arg:"" help:"The agent's host." complete:"host"`
}

// Help implements kong.HelpProvider.
func (*mysqlStartCmd) Help() string {
	return lesson("Starts MySQL on a host with the command of its agent's configuration.", `
		orchestrator-seed agent-mysql-start db1`, ask...)
}

// Run implements the command.
func (c *mysqlStartCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.MySQLStart(c.Host), agentDetails)
}
