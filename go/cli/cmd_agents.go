package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type agentsCmd struct {
	Hostname string `name:"hostname" xor:"filter" placeholder:"HOST" help:"Only this host." complete:"host"`
	Cluster  string `name:"cluster" xor:"filter" placeholder:"NAME" help:"Only hosts of this cluster." complete:"cluster"`
	Status   string `name:"status" xor:"filter" placeholder:"STATUS" help:"Only agents that are Active or Inactive." complete:"agent-status"`
	Page     *int   `name:"page" placeholder:"N" help:"Only page N of 20 agents each, counted from 0."`
}

// Help implements kong.HelpProvider.
func (*agentsCmd) Help() string {
	return lesson("Lists the agents that have registered, by cluster, then host. One filter can be given.", `
		orchestrator-seed agents
		orchestrator-seed agents --status Inactive
		orchestrator-seed agents --cluster shop --output json`, ask...)
}

// Run implements the command.
func (c *agentsCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.Agents(client.AgentFilter{Hostname: c.Hostname, ClusterAlias: c.Cluster, Status: c.Status, Page: c.Page}), agentList)
}
