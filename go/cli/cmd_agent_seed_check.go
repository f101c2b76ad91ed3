package cli

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

type agentSeedCheckCmd struct {
	pair
}

// Help implements kong.HelpProvider.
func (*agentSeedCheckCmd) Help() string {
	return lesson("Runs every check that stands before a seed and shows what was found, what is needed and what to do. "+
		"Nothing is changed on either host.", `
		orchestrator-seed agent-seed-check Mysqldump db2 db1
		orchestrator-seed agent-seed-check Mysqldump db2 db1 --output json`,
		ExitOK, ExitError, ExitRefused, ExitUnreachable, ExitInterrupted)
}

// Run implements the command.
func (c *agentSeedCheckCmd) Run(ctx context.Context, s *session) error {
	return showChecks(ctx, s, c.pair)
}

// showChecks runs the checks, shows them, and is ExitRefused when one refuses.
func showChecks(ctx context.Context, s *session, p pair) error {
	checks, err := fetch(ctx, s, client.CheckSeed(p.method(), p.Target, p.Source), checkList)
	if err != nil {
		return err
	}
	if refused(checks) {
		return exit(ExitRefused)
	}
	return nil
}

func refused(checks []seedapi.Check) bool {
	for _, c := range checks {
		if c.Result == "fail" {
			return true
		}
	}
	return false
}
