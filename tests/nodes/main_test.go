package nodes

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

var (
	all   = flag.Bool("nodes.all", false, "every stage and every fault")
	pause = flag.Duration("nodes.pause", 9*time.Second, "how long a node is paused; longer than a lease lasts")

	// programs are built once for all tests.
	programs fleet.Programs
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	dir, err := os.MkdirTemp("", "orchestrator-seed-nodes-")
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
