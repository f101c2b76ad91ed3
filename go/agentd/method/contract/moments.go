package contract

import (
	"context"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// Labels of moments that are of no stage of their own.
const (
	inRelease    agentapi.Stage = "Release"
	inBackground agentapi.Stage = "Background"
)

// Moment is the N-th call of a method to its Runner in a stage, from 1; the first and the last are the stage's begin and end.
// With N 0 it is a time after the seed's begin.
type Moment struct {
	Side  agentapi.Side
	Stage agentapi.Stage
	N     int
	What  string
	After time.Duration
}

// Plan is what a box does at a moment: it stands still until the stage is aborted, or it ends itself with SIGKILL.
type Plan struct {
	Stage agentapi.Stage
	N     int // 0: no plan
	Kill  bool
}

// moments counts the moments of a box.
type moments struct {
	mu   sync.Mutex
	seen map[agentapi.Stage][]string
	plan Plan
	held bool
}

const (
	mostMoments = 2000 // remembered of a stage
	longestHold = 30 * time.Second
)

func (m *moments) set(p Plan) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plan, m.held, m.seen = p, false, map[agentapi.Stage][]string{}
}

func (m *moments) at(ctx context.Context, stage agentapi.Stage, what string) {
	m.mu.Lock()
	if len(m.seen[stage]) < mostMoments {
		m.seen[stage] = append(m.seen[stage], what)
	}
	hit := m.plan.Stage == stage && m.plan.N == len(m.seen[stage]) && !m.held
	kill := m.plan.Kill
	m.held = m.held || hit
	m.mu.Unlock()
	if !hit {
		return
	}
	if kill {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	select {
	case <-ctx.Done():
	case <-time.After(longestHold):
	}
}

// watched is a method whose moments are counted.
type watched struct {
	method.Method
	m *moments
}

type stageFunc = func(context.Context, *method.Work) error

func (w *watched) stage(ctx context.Context, work *method.Work, stage agentapi.Stage, f stageFunc) error {
	own := *work
	own.Run = &watchedRunner{Runner: work.Run, m: w.m, ctx: ctx, stage: stage}
	w.m.at(ctx, stage, "begins")
	err := f(ctx, &own)
	w.m.at(ctx, stage, "has ended")
	return err
}

func (w *watched) Prepare(ctx context.Context, work *method.Work) error {
	return w.stage(ctx, work, agentapi.Prepare, w.Method.Prepare)
}

func (w *watched) Backup(ctx context.Context, work *method.Work) error {
	return w.stage(ctx, work, agentapi.Backup, w.Method.Backup)
}

func (w *watched) Restore(ctx context.Context, work *method.Work) error {
	return w.stage(ctx, work, agentapi.Restore, w.Method.Restore)
}

func (w *watched) Cleanup(ctx context.Context, work *method.Work) error {
	return w.stage(ctx, work, agentapi.Cleanup, w.Method.Cleanup)
}

func (w *watched) Release(ctx context.Context, work *method.Work) error {
	return w.stage(ctx, work, inRelease, w.Method.Release)
}

// watchedRunner tells the moments at which a method calls it.
type watchedRunner struct {
	method.Runner
	m     *moments
	ctx   context.Context
	stage agentapi.Stage
}

func (r *watchedRunner) at(what string) { r.m.at(r.ctx, r.stage, what) }

func (r *watchedRunner) Command(ctx context.Context, env []string, name string, args ...string) *method.Cmd {
	r.at("makes command " + name)
	c := r.Runner.Command(ctx, env, name, args...)
	start := c.StartFn
	c.StartFn = func() error {
		err := start()
		r.at("has started " + name)
		return err
	}
	return c
}

func (r *watchedRunner) Progress(bytes, total int64, what string) {
	r.Runner.Progress(bytes, total, what)
	r.at("progress: " + withoutNumbers(what))
}

func (r *watchedRunner) Say(text string) {
	r.Runner.Say(text)
	r.at("says: " + withoutNumbers(text))
}

func (r *watchedRunner) Remember(key string, value any) error {
	r.at("remembers " + key)
	err := r.Runner.Remember(key, value)
	r.at("remembered " + key)
	return err
}

func (r *watchedRunner) OldData(state agentapi.OldData, at string) error {
	r.at("old data to be " + string(state))
	err := r.Runner.OldData(state, at)
	r.at("old data " + string(state))
	return err
}

func (r *watchedRunner) Background(f func(context.Context, method.Runner) error) error {
	r.at("opens the receiving end")
	err := r.Runner.Background(func(ctx context.Context, run method.Runner) error {
		own := &watchedRunner{Runner: run, m: r.m, ctx: ctx, stage: inBackground}
		own.at("begins")
		err := f(ctx, own)
		own.at("has ended")
		return err
	})
	r.at("opened the receiving end")
	return err
}

func (r *watchedRunner) Join(ctx context.Context) error {
	r.at("joins")
	err := r.Runner.Join(ctx)
	r.at("joined")
	return err
}

// withoutNumbers makes texts alike that differ in their numbers only.
func withoutNumbers(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c == '.' {
			return -1
		}
		return c
	}, s)
}
