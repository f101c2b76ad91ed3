package main

import (
	"context"
	"errors"

	"github.com/orchestrator-seed/orchestrator-seed/go/cli"
)

// serve runs the service until ctx ends: app.New, Start, wait, Stop.
func serve(_ context.Context, _ cli.ServeOptions) error {
	return errors.New("the service is not part of this build")
}
