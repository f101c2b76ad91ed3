package main

import (
	"context"
	"os/exec"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// quiet is a runner without a journal.
type quiet struct{}

func (quiet) Command(ctx context.Context, _ []string, name string, args ...string) *method.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	return &method.Cmd{Cmd: c, StartFn: c.Start, WaitFn: c.Wait}
}

func (quiet) Progress(int64, int64, string) {}

func (quiet) Say(string) {}

func (quiet) Remember(string, any) error { return nil }

func (quiet) Recall(string, any) (bool, error) { return false, nil }
