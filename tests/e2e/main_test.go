package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// programs are built once for all tests.
var programs fleet.Programs

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "orchestrator-seed-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if programs, err = fleet.Build(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
