package cli

import "context"

type waitCmd struct {
	SeedID int64 `arg:"" name:"seedid" help:"The seed's number." complete:"seed"`
	watchFlags
}

// Help implements kong.HelpProvider.
func (*waitCmd) Help() string {
	return lesson("Watches a seed until it ends, through restarts of the service too, and says by the exit status how it ended. "+
		"Ctrl-C ends the watching, not the seed.", `
		orchestrator-seed wait 7
		orchestrator-seed wait 7 --wait-timeout 2h && echo "the replica runs"`, waiting...)
}

// Run implements the command.
func (c *waitCmd) Run(ctx context.Context, s *session) error {
	return watchSeed(ctx, s, c.SeedID, c.watchFlags)
}
