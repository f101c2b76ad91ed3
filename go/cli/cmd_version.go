package cli

import "fmt"

type versionCmd struct{}

// Help implements kong.HelpProvider.
func (*versionCmd) Help() string {
	return lesson("Prints the version of this program. \"status\" shows the service's.", `
		orchestrator-seed version`, ExitOK)
}

// Run implements the command.
func (*versionCmd) Run(s *session) error {
	_, err := fmt.Fprintln(s.Stdout, s.Version)
	return err
}
