package cli

import (
	"fmt"
	"strings"
)

// lesson is the long help of a command: what it does, examples, exit statuses.
func lesson(about, examples string, statuses ...int) string {
	var b strings.Builder
	b.WriteString(about + "\n\nExamples:\n\n")
	for _, line := range strings.Split(strings.TrimSpace(examples), "\n") {
		b.WriteString("    " + strings.TrimSpace(line) + "\n")
	}
	b.WriteString("\nExit statuses:\n\n")
	for _, e := range exitTexts {
		for _, s := range statuses {
			if s == e.status {
				fmt.Fprintf(&b, "    %-3d  %s\n", e.status, e.text)
			}
		}
	}
	return strings.TrimSpace(b.String())
}

// ask is the exit statuses of a command that asks the service one thing.
var ask = []int{ExitOK, ExitError, ExitUnreachable, ExitInterrupted}

// waiting is the exit statuses of a command that can wait for a seed.
var waiting = []int{ExitOK, ExitError, ExitFailed, ExitAborted, ExitUnreachable, ExitWaitTimeout, ExitInterrupted}
