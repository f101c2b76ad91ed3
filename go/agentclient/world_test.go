package agentclient_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

// world is a source and a target, and a client for them.
type world struct {
	source, target *agentfake.Agent
	client         *agentclient.Client
	seed           *agent.Seed
}

type setup struct {
	v2      bool
	timeout time.Duration // 0: 5 s
}

// everywhere runs a story in memory and over HTTP.
func everywhere(t *testing.T, s setup, story func(t *testing.T, w *world)) {
	t.Helper()
	if s.timeout == 0 {
		s.timeout = 5 * time.Second
	}
	opts := agentclient.Options{Timeout: s.timeout, PollEvery: time.Millisecond}
	source := agentfake.Options{Hostname: "127.0.0.61", V2: s.v2, MySQLPort: 3311}
	target := agentfake.Options{Hostname: "127.0.0.62", V2: s.v2, MySQLPort: 3312}
	t.Run("in memory", func(t *testing.T) {
		w := &world{source: agentfake.New(source), target: agentfake.New(target)}
		t.Cleanup(w.source.Close)
		t.Cleanup(w.target.Close)
		w.client = agentfake.NewClient(opts, w.source, w.target)
		w.begin()
		story(t, w)
	})
	t.Run("over HTTP", func(t *testing.T) {
		w := &world{source: agentfake.Start(t, source), target: agentfake.Start(t, target), client: agentclient.New(opts)}
		t.Cleanup(w.client.Close)
		w.begin()
		story(t, w)
	})
}

func (w *world) begin() {
	w.seed = &agent.Seed{
		ID: 7, TargetHost: "127.0.0.62", SourceHost: "127.0.0.61", Method: agentapi.Mysqldump,
		BackupSide: agentapi.Target, Stage: agentapi.Prepare, Attempt: 1,
	}
}

// at moves the seed on to a stage, with a new attempt.
func (w *world) at(stage agent.Stage) *agent.Seed {
	w.seed.Stage = stage
	w.seed.Attempt++
	return w.seed
}

func (w *world) start(t *testing.T, stage agent.Stage) {
	t.Helper()
	must(t, w.client.Start(t.Context(), w.target.Host(), w.at(stage), agentapi.Target, agentapi.SeedTerms{SourceMySQLPort: 3311}))
}

func (w *world) state(t *testing.T) *agentapi.SeedStageState {
	t.Helper()
	st, err := w.client.StageState(t.Context(), w.target.Host(), w.seed)
	must(t, err)
	return st
}

func (w *world) release(t *testing.T) error {
	t.Helper()
	_, err := w.client.Release(t.Context(), w.target.Host(), w.seed, agentapi.Target)
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantOp checks an error as the engine and people see it.
func wantOp(t *testing.T, err, is error, code, text string) *agent.OpError {
	t.Helper()
	var op *agent.OpError
	if !errors.As(err, &op) {
		t.Fatalf("got %T %v, want an *agent.OpError", err, err)
	}
	if is != nil && !errors.Is(err, is) {
		t.Errorf("%q is not %q", err, is)
	}
	if op.Code != code || !strings.Contains(err.Error(), text) {
		t.Errorf("got code %q text %q, want code %q and %q", op.Code, err, code, text)
	}
	return op
}

// meter remembers what was metered.
type meter struct {
	agent.Meter
	mu    sync.Mutex
	calls []string
}

func (m *meter) AgentCall(call string, _ time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		call += "!"
	}
	m.calls = append(m.calls, call)
}

func background(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
