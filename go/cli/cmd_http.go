package cli

import (
	"context"
	"errors"
)

type httpCmd struct {
	Config string `name:"config" type:"path" placeholder:"FILE" help:"Configuration (JSON); else /etc/orchestrator.conf.json or conf/orchestrator.conf.json."`
	Debug  bool   `name:"debug" help:"Log more."`
}

// Help implements kong.HelpProvider.
func (*httpCmd) Help() string {
	return lesson("Runs the service: API and pages for people, the door for agents, and the engine that steps the seeds. "+
		"It ends with Ctrl-C or SIGTERM; live seeds go on when it is started again.", `
		orchestrator-seed http
		orchestrator-seed http --config /etc/orchestrator.conf.json`, ExitOK, ExitError)
}

// Run implements the command.
func (c *httpCmd) Run(ctx context.Context, s *session) error {
	if s.Serve == nil {
		return errors.New("this program was built without the service")
	}
	return s.Serve(ctx, ServeOptions{ConfigPath: c.Config, Debug: c.Debug, Version: s.Version, Stderr: s.Stderr})
}
