package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/rpc"
	"os"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/runner"
)

// boxVariable tells a test program, in JSON, that it is to be the agent of a box.
const boxVariable = "ORCHESTRATOR_CONTRACT_BOX"

// Agent makes the program the agent of a box, and ends it, if Run started it as one; else it returns at once. Call it first
// in TestMain.
func Agent(makeMethod func(b Box) (method.Method, error)) {
	text := os.Getenv(boxVariable)
	if text == "" {
		return
	}
	err := os.Unsetenv(boxVariable)
	var b Box
	if err == nil {
		err = json.Unmarshal([]byte(text), &b)
	}
	if err == nil {
		err = serve(b, makeMethod)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve answers calls on stdin and stdout until its parent hangs up, then stops.
func serve(b Box, makeMethod func(b Box) (method.Method, error)) error {
	ctx := context.Background()
	m, err := makeMethod(b)
	if err != nil {
		return fmt.Errorf("make the method: %w", err)
	}
	j, err := journal.Open(b.StateDir())
	if err != nil {
		return err
	}
	defer j.Close()
	a := &Calls{moments: &moments{}}
	a.moments.set(Plan{})
	a.r, err = runner.Open(ctx, runner.Options{
		Journal: j, Methods: []method.Method{&watched{m, a.moments}}, BackupDir: b.BackupDir(), Hostname: string(b.Side),
		Grace: time.Second, FlushEvery: 50 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	calls := rpc.NewServer()
	if err := calls.Register(a); err != nil {
		return err
	}
	calls.ServeConn(stdio{os.Stdin, os.Stdout})
	return a.r.Stop(ctx)
}

type stdio struct {
	io.Reader
	io.Writer
}

func (stdio) Close() error { return errors.Join(os.Stdin.Close(), os.Stdout.Close()) }

// Calls is what a box answers to.
type Calls struct {
	r       *runner.Runner
	moments *moments
}

// Ask names a stage of a seed.
type Ask struct {
	SeedID  int64
	Stage   agentapi.Stage
	Attempt int64
	Method  agentapi.Method
}

// Up answers when the box is ready.
func (c *Calls) Up(int, *int) error { return nil }

// Start is Runner.Start.
func (c *Calls) Start(q runner.StartRequest, already *bool) (err error) {
	*already, err = c.r.Start(q)
	return err
}

// State is Runner.State.
func (c *Calls) State(a Ask, state *agentapi.SeedStageState) (err error) {
	*state, err = c.r.State(a.SeedID, a.Stage, a.Attempt)
	return err
}

// Abort is Runner.Abort.
func (c *Calls) Abort(a Ask, _ *int) error {
	ctx, cancel := context.WithTimeout(context.Background(), mostWait)
	defer cancel()
	err := c.r.Abort(ctx, a.SeedID, a.Stage, a.Attempt)
	if errors.Is(err, runner.ErrUnknownSeed) {
		return nil // never began here
	}
	return err
}

// Release is Runner.Release.
func (c *Calls) Release(id int64, _ *int) error {
	ctx, cancel := context.WithTimeout(context.Background(), mostWait)
	defer cancel()
	return c.r.Release(ctx, id)
}

// Metadata is Runner.Metadata.
func (c *Calls) Metadata(a Ask, meta *agentapi.Metadata) (err error) {
	*meta, err = c.r.Metadata(context.Background(), a.SeedID, a.Method)
	return err
}

// Plan replaces the plan and forgets the moments.
func (c *Calls) Plan(p Plan, _ *int) error {
	c.moments.set(p)
	return nil
}

// Held says whether the box has come to its plan.
func (c *Calls) Held(_ int, held *bool) error {
	c.moments.mu.Lock()
	defer c.moments.mu.Unlock()
	*held = c.moments.held
	return nil
}

// Moments is what was seen since the plan.
func (c *Calls) Moments(_ int, seen *map[agentapi.Stage][]string) error {
	c.moments.mu.Lock()
	defer c.moments.mu.Unlock()
	*seen = map[agentapi.Stage][]string{}
	for stage, what := range c.moments.seen {
		(*seen)[stage] = append([]string(nil), what...)
	}
	return nil
}
