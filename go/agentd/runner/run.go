package runner

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/procgroup"
)

// What a run can be besides a stage.
const (
	runRelease    agentapi.Stage = "Release"
	runMetadata   agentapi.Stage = "Metadata"
	runBackground agentapi.Stage = "Background"
	runPostSeed   agentapi.Stage = "PostSeed"
)

// run is one call of a method, or of a function of its, with the processes it started.
type run struct {
	r       *Runner
	s       *seed
	stage   agentapi.Stage
	attempt int64
	mark    procgroup.Mark // in the environment of what it starts, besides the seed's

	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when it is over and nothing of it is left
	err    error         // of all but stages; set before done is closed

	// Guarded by Runner.mu.
	over     bool               // of a background or post-seed command: it has ended
	progress *agentapi.Progress // the last that was told
	output   string             // of a post-seed command

	mu     sync.Mutex
	closed bool // no process may be started any more
	leave  bool // what it left running is nobody's business
	procs  map[*proc]struct{}
}

func (r *Runner) newRun(s *seed, stage agentapi.Stage, attempt int64) *run {
	u := &run{
		r: r, s: s, stage: stage, attempt: attempt, done: make(chan struct{}), procs: map[*proc]struct{}{},
		mark: procgroup.Mark("ORCHESTRATOR_AGENT_RUN=" + strconv.FormatInt(s.id, 10) + "-" + rand.Text()),
	}
	u.ctx, u.cancel = context.WithCancelCause(r.ctx)
	return u
}

func (u *run) isStage() bool { return slices.Contains(agentapi.Stages, u.stage) }

// wait returns when the run is over, or ErrStillRunning when ctx is.
func (u *run) wait(ctx context.Context) error {
	select {
	case <-u.done:
		return nil
	case <-ctx.Done():
		return refuse(ErrStillRunning, "%s of seed %d is still running: it has not ended in time", u.stage, u.s.id)
	}
}

func (u *run) waitAtMost(ctx context.Context, most time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return u.wait(ctx)
}

// execute runs a stage from its first to its last moment.
func (r *Runner) execute(u *run, prev []*run, old []*seed) {
	log := r.log.With("seed", u.s.id, "stage", u.stage, "attempt", u.attempt)
	err := u.guarded(func(ctx context.Context, m method.Method, w *method.Work) error {
		log.Info("stage started", "method", m.Name(), "side", w.Side)
		if err := r.makeRoom(ctx, prev, old); err != nil {
			return err
		}
		return stageOf(ctx, m, w, u.stage)
	})
	if err != nil {
		r.dropBackground(u)
	}
	r.end(u, err)
	if err != nil {
		log.Error("stage failed", "error", err)
	} else {
		log.Info("stage completed")
	}
}

// patience is how long the end of what was cancelled is waited for.
const patience = time.Minute

// makeRoom waits for what ran before for the seed, and releases the seeds that held this host before. The first it does also
// when ctx is done: who waits for this run believes that nothing older is left.
func (r *Runner) makeRoom(ctx context.Context, prev []*run, old []*seed) error {
	for _, p := range prev {
		if err := p.waitAtMost(context.WithoutCancel(ctx), patience); err != nil {
			return fmt.Errorf("end attempt %d: %w", p.attempt, err)
		}
	}
	for _, o := range old {
		if err := r.release(ctx, o); err != nil {
			return &method.StageError{Code: "release-failed", Text: fmt.Sprintf("release of seed %d, which held this host", o.id), Err: err,
				Hint: "Remove what hinders it, then retry, or release that seed by hand."}
		}
	}
	return nil
}

func stageOf(ctx context.Context, m method.Method, w *method.Work, stage agentapi.Stage) error {
	if stage != agentapi.Cleanup {
		if err := os.MkdirAll(w.Dir, 0o700); err != nil {
			return &method.StageError{Code: "backup-dir", Text: "make the seed's directory", Err: err, Hint: "Is backup-dir writable, and is there space on it?"}
		}
	}
	switch stage {
	case agentapi.Prepare:
		return m.Prepare(ctx, w)
	case agentapi.Backup:
		return m.Backup(ctx, w)
	case agentapi.Restore:
		return m.Restore(ctx, w)
	case agentapi.ConnectSlave:
		return nil // the service's own
	case agentapi.Cleanup:
		if err := m.Cleanup(ctx, w); err != nil {
			return err
		}
		return removeDir(w.Dir)
	}
	return fmt.Errorf("unknown stage %q", stage)
}

// removeDir removes a seed's own directory and nothing else.
func removeDir(dir string) error {
	if !filepath.IsAbs(dir) || !strings.HasPrefix(filepath.Base(dir), "seed-") {
		return fmt.Errorf("%q is not a seed's directory", dir)
	}
	return os.RemoveAll(dir)
}

// guarded calls a method's function, see guard.
func (u *run) guarded(f func(context.Context, method.Method, *method.Work) error) error {
	r := u.r
	r.mu.Lock()
	e := u.s.e
	m := r.methods[e.Method]
	w := &method.Work{
		SeedID: u.s.id, Attempt: u.attempt, Side: e.Side, PeerHost: e.PeerHost, SourceMySQLPort: e.SourceMySQLPort,
		Terms: u.s.termsLocked(), Dir: e.Dir, Run: &handle{u},
	}
	name := e.Method
	r.mu.Unlock()
	return u.guard(func(ctx context.Context) error {
		if m == nil {
			return refuse(ErrUnavailable, "method %s is not available on this agent", name)
		}
		return f(ctx, m, w)
	})
}

// guard calls f; a panic is an error, and when it returns no process of the run is left.
func (u *run) guard(f func(context.Context) error) (err error) {
	stopKiller := context.AfterFunc(u.ctx, func() { u.endProcesses() })
	defer func() {
		stopKiller()
		err = errors.Join(err, u.endProcesses())
	}()
	defer func() {
		if p := recover(); p != nil {
			u.r.log.Error("method panicked", "seed", u.s.id, "stage", u.stage, "panic", p, "stack", string(debug.Stack()))
			err = &method.StageError{Code: "agent-bug", Text: fmt.Sprintf("the agent failed inside %s: %v", u.stage, p), Hint: "The agent's log holds the details; please report them."}
		}
	}()
	return f(u.ctx)
}

// end writes down how the run ended, if it is still the seed's current one, and lets those go on who wait for it.
func (r *Runner) end(u *run, err error) {
	defer close(u.done)
	defer u.cancel(nil)
	now := time.Now()
	r.mu.Lock()
	current := u.s.run == u
	if current {
		u.s.run = nil
		st := u.s.e.Stages[u.stage]
		st.Changed, u.s.e.Updated = now, now
		st.Status, st.Details, st.ErrorCode, st.Hint, st.Permanent = agentapi.Completed, "Stage completed", "", "", false
		if err != nil {
			st.Status = agentapi.Error
			st.Details, st.ErrorCode, st.Hint, st.Permanent = describe(u.ctx, err)
		}
		u.s.dirty = true
	}
	state := r.stateLocked(u.s, u.stage)
	r.mu.Unlock()
	if serr := r.save(u.s); serr != nil {
		r.log.Error("journal cannot be written; it is tried again", "seed", u.s.id, "error", serr)
	}
	if current {
		r.o.Notify(state)
	}
}

// describe is what people read of an error. If the run was cancelled, the reason for that comes first: what the tools say
// then is only the echo.
func describe(ctx context.Context, err error) (text, code, hint string, permanent bool) {
	const most = 16 << 10
	text, code = err.Error(), "stage-failed"
	var se *method.StageError
	if errors.As(err, &se) {
		hint, permanent = se.Hint, se.Permanent
		if se.Code != "" {
			code = se.Code
		}
	}
	var c *cause
	if errors.As(context.Cause(ctx), &c) {
		return c.text, c.code, "", false
	}
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most/2], "") + "\n...\n" + strings.ToValidUTF8(text[len(text)-most/2:], "")
	}
	return text, code, hint, permanent
}
