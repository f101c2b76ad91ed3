package cli

import (
	"context"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

type seedBandwidthCmd struct {
	SeedID int64     `arg:"" name:"seedid" help:"The seed's number." complete:"seed"`
	Rate   bandwidth `arg:"" name:"bandwidth" help:"Bytes a second: 50M, 1.5G, 800K, 1048576. 0 is no bound."`
}

// Help implements kong.HelpProvider.
func (*seedBandwidthCmd) Help() string {
	return lesson("Bounds what a live seed sends from one host to the other, from now on and in its later attempts. K, M and G are "+
		"binary (1M is 1048576 bytes a second). Agents of others take no bound.", `
		orchestrator-seed agent-seed-bandwidth 7 50M
		orchestrator-seed agent-seed-bandwidth 7 1.5G
		orchestrator-seed agent-seed-bandwidth 7 0`, ask...)
}

// Run implements the command.
func (c *seedBandwidthCmd) Run(ctx context.Context, s *session) error {
	return show(ctx, s, client.SeedBandwidth(c.SeedID, int64(c.Rate)), func(p *page, _ bool) {
		p.line(normal, fmt.Sprintf("seed %d: %s", c.SeedID, boundWords(int64(c.Rate))))
	})
}
