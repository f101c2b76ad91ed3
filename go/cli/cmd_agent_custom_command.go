package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentCustomCommandCmd struct {
	Host    string `arg:"" help:"The agent's host." complete:"host"`
	Command string `arg:"" help:"The command's name in the agent's configuration."`
}

// Help implements kong.HelpProvider.
func (*agentCustomCommandCmd) Help() string {
	return lesson("Runs a command that the agent's configuration names, and prints its output. \"agent HOST\" lists the names.", `
		orchestrator-seed agent-custom-command db1 purge-cache`, ask...)
}

// Run implements the command.
func (c *agentCustomCommandCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.CustomCommand(c.Host, c.Command), text)
}
