package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

// Exit statuses, as --help and docs/cli.md name them.
const (
	ExitOK          = 0
	ExitError       = 1 // wrong usage, or the service says no
	ExitRefused     = 2 // a check refuses the seed, or nobody agreed to losing the target's data
	ExitFailed      = 3
	ExitAborted     = 4
	ExitUnreachable = 5
	ExitWaitTimeout = 6
	ExitInterrupted = 130
)

// exitTexts say what a status means; the order is the one of the help.
var exitTexts = []struct {
	status int
	text   string
}{
	{ExitOK, "done; with --wait: the seed is Completed"},
	{ExitError, "wrong usage, or the service says no"},
	{ExitRefused, "a check refuses the seed, or nobody agreed to losing the target's data"},
	{ExitFailed, "the seed Failed"},
	{ExitAborted, "the seed was aborted"},
	{ExitUnreachable, "the service can't be reached"},
	{ExitWaitTimeout, "--wait-timeout is over, the seed goes on"},
	{ExitInterrupted, "interrupted with Ctrl-C; a seed that was watched goes on"},
}

// exitError ends the program with a status. Without err nothing is printed: it has been said already.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func exit(status int) error { return &exitError{status: status} }

func exitf(status int, format string, args ...any) error {
	return &exitError{status: status, err: fmt.Errorf(format, args...)}
}

// statusOf is the exit status of an error and the text to print; "" when everything has been said.
func statusOf(err error) (int, string) {
	var ee *exitError
	var api *client.Error
	switch {
	case err == nil:
		return ExitOK, ""
	case errors.As(err, &ee):
		if ee.err == nil {
			return ee.status, ""
		}
		return ee.status, sentence(ee.err)
	case errors.Is(err, context.Canceled):
		return ExitInterrupted, "interrupted"
	case client.IsUnreachable(err):
		return ExitUnreachable, sentence(err)
	case errors.As(err, &api) && api.Hint != "":
		return ExitError, sentence(err) + "\n  " + plain(api.Hint)
	}
	return ExitError, sentence(err)
}

// sentence makes an error fit for a person's terminal.
func sentence(err error) string { return strings.TrimSpace(plain(err.Error())) }
