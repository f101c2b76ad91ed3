package main

import (
	"context"
	"os/exec"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
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

func (quiet) Background(func(context.Context, method.Runner) error) error { return nil }

func (quiet) Join(context.Context) error { return method.ErrNoBackground }

func (quiet) Limit() int64 { return 0 }

func (quiet) OldData(agentapi.OldData, string) error { return nil }
