package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// targetDataCheck is the check that warns when the target holds data.
const targetDataCheck = "target-data"

// confirmLoss is nil when no data is lost on the target, or when a person at the terminal has typed the target's name.
func confirmLoss(ctx context.Context, s *session, target string, checks []seedapi.Check) error {
	var lost *seedapi.Check
	for i, c := range checks {
		if c.Name == targetDataCheck && c.Result == "warn" {
			lost = &checks[i]
		}
	}
	if lost == nil {
		return nil
	}
	_, in := s.Terminal(s.Stdin)
	_, out := s.Terminal(s.Stderr)
	if !in || !out {
		return exitf(ExitRefused, "what %s holds now will be lost (%s); say --yes to agree", target, lost.Found)
	}
	p := s.page(s.Stderr)
	checkList(p, checks)
	p.line(bold, fmt.Sprintf("What %s holds now will be lost (%s).", target, lost.Found))
	p.b.WriteString("Type the target's name to go on: ")
	if err := p.writeTo(s.Stderr); err != nil {
		return err
	}
	typed, err := readLine(ctx, s)
	if err != nil {
		return err
	}
	if typed != target {
		return exitf(ExitRefused, "that is not %s: nothing was started", target)
	}
	return nil
}

// readLine reads what a person types, or gives up with ctx.
func readLine(ctx context.Context, s *session) (string, error) {
	typed := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(s.Stdin).ReadString('\n') // the end of the input is an empty answer
		typed <- strings.TrimSpace(line)
	}()
	select {
	case line := <-typed:
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
