package cli

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// codeCheckFailed is the ErrorCode of a start that a check refused.
const codeCheckFailed = "check-failed"

type agentSeedCmd struct {
	pair
	Check bool `name:"check" help:"Only run the checks and show them."`
	Yes   bool `name:"yes" short:"y" help:"Agree beforehand that the data which the target holds now is lost."`
	Wait  bool `name:"wait" short:"w" help:"Watch the seed until it ends."`
	watchFlags
}

// Help implements kong.HelpProvider.
func (*agentSeedCmd) Help() string {
	return lesson("Copies the source's data to the target and leaves the target running as a replica of the source. "+
		"The checks run first, and a check that fails refuses the seed. If the target holds data that will be lost, "+
		"a person is asked to type the target's name; a script has to say --yes.\n\n"+
		"Prints the new seed's number. With --wait it is watched, through restarts of the service too, and the exit status says how it ended; "+
		"with --wait --output json the answer is the seed as it ended.", `
		orchestrator-seed agent-seed Mysqldump db2 db1 --check
		orchestrator-seed agent-seed Mysqldump db2 db1 --wait
		id=$(orchestrator-seed agent-seed Mysqldump db2 db1 --yes --output json)`,
		ExitOK, ExitError, ExitRefused, ExitFailed, ExitAborted, ExitUnreachable, ExitWaitTimeout, ExitInterrupted)
}

// Run implements the command.
func (c *agentSeedCmd) Run(ctx context.Context, s *session) error {
	if c.Check {
		return showChecks(ctx, s, c.pair)
	}
	api, err := s.service()
	if err != nil {
		return err
	}
	if !c.Yes {
		if err := c.agree(ctx, s, api); err != nil {
			return err
		}
	}
	id, raw, err := client.StartSeed(c.method(), c.Target, c.Source).Fetch(ctx, api)
	if err != nil {
		return c.explain(ctx, s, api, err)
	}
	if !c.Wait {
		return s.answer(raw, func(p *page) { p.line(normal, fmt.Sprint(id)) })
	}
	s.say("seed %d has been started", id)
	return watchSeed(ctx, s, id, c.watchFlags)
}

// agree runs the checks and asks a person for consent where data will be lost.
func (c *agentSeedCmd) agree(ctx context.Context, s *session, api *client.Client) error {
	checks, err := client.CheckSeed(c.method(), c.Target, c.Source).Do(ctx, api)
	if err != nil {
		return err
	}
	if refused(checks) {
		return s.refuse(checks)
	}
	return confirmLoss(ctx, s, c.Target, checks)
}

// explain shows the checks when they are why the start was refused, and says so when nobody knows what became of it.
func (c *agentSeedCmd) explain(ctx context.Context, s *session, api *client.Client, err error) error {
	var e *client.Error
	lost := client.IsUnreachable(err) && !errors.Is(err, syscall.ECONNREFUSED)
	if lost || ctx.Err() != nil {
		s.say("whether the seed was started is not known; it would be shown by: orchestrator-seed agent-active-seeds %s", c.Target)
		return err
	}
	if !errors.As(err, &e) || e.Status < 500 && e.ErrorCode != codeCheckFailed {
		return err
	}
	checks, checkErr := client.CheckSeed(c.method(), c.Target, c.Source).Do(ctx, api)
	if checkErr == nil && refused(checks) {
		return s.refuse(checks) // it says all that the error says, and more readably
	}
	if e.ErrorCode == codeCheckFailed {
		return &exitError{status: ExitRefused, err: err}
	}
	return err
}

// refuse shows the checks on standard error: there is no answer.
func (s *session) refuse(checks []seedapi.Check) error {
	p := s.page(s.Stderr)
	checkList(p, checks)
	if err := p.writeTo(s.Stderr); err != nil {
		return err
	}
	return exit(ExitRefused)
}
