package contract

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/runner"
)

// suite is a Subject in its World, with an agent on each side.
type suite struct {
	s      Subject
	w      World
	agents map[agentapi.Side]*agent
	seeds  int64 // so far
}

// seed is one seed, driven as a service does it.
type seed struct {
	*suite
	t       *testing.T
	id      int64
	attempt int64
	secret  string
	plain   bool // the service and the other agent are of others
}

// seed begins a seed on a target with old data.
func (c *suite) seed(t *testing.T) *seed {
	t.Helper()
	for _, a := range c.agents {
		a.t = t
		a.plan(Plan{})
		_ = a.call("Release", c.seeds, new(int)) // of a test that failed
	}
	c.must(t, "old data", c.w.Reset)
	c.seeds++
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return &seed{suite: c, t: t, id: c.seeds, secret: hex.EncodeToString(secret)}
}

func (c *suite) must(t *testing.T, what string, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), mostWait)
	defer cancel()
	if err := f(ctx); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// sides is where a stage runs.
func (s *seed) sides(stage agentapi.Stage) []agentapi.Side {
	switch {
	case stage == agentapi.Restore:
		return []agentapi.Side{agentapi.Target}
	case stage == agentapi.Backup && s.s.BackupSide == agentapi.Source && !s.plain:
		return []agentapi.Side{agentapi.Target, agentapi.Source}
	case stage == agentapi.Backup:
		return []agentapi.Side{s.s.BackupSide}
	}
	return []agentapi.Side{agentapi.Target, agentapi.Source}
}

func (s *seed) request(side agentapi.Side, stage agentapi.Stage) runner.StartRequest {
	q := runner.StartRequest{SeedID: s.id, Stage: stage, Method: s.s.Name, Attempt: s.attempt}
	peer := s.agents[other(side)].box
	source := s.agents[agentapi.Source].box
	switch stage {
	case agentapi.Prepare, agentapi.Cleanup:
		q.Side = side
	case agentapi.Backup:
		q.PeerHost, q.SourceMySQLPort = peer.Host, source.MySQL.Port
	}
	if !s.plain && (stage == agentapi.Prepare || stage == agentapi.Backup) {
		q.Terms = &agentapi.SeedTerms{
			Secret: s.secret, PeerHost: peer.Host, DataPort: s.agents[agentapi.Target].box.DataPort, SourceMySQLPort: source.MySQL.Port,
		}
	}
	return q
}

func other(side agentapi.Side) agentapi.Side {
	if side == agentapi.Source {
		return agentapi.Target
	}
	return agentapi.Source
}

// stageFailed is the error of a stage that ended on Error.
type stageFailed struct{ state agentapi.SeedStageState }

func (e *stageFailed) Error() string {
	return fmt.Sprintf("%s on the %s: %s (%s)", e.state.Stage, e.state.Hostname, e.state.Details, e.state.ErrorCode)
}

var errHeld = errors.New("a box holds")

// run drives one stage with a new attempt. When one side fails or dies, the other is aborted; when a box holds, both are left
// as they are (errHeld).
func (s *seed) run(stage agentapi.Stage) error {
	s.t.Helper()
	if !s.plain {
		s.attempt++
	}
	for _, side := range s.sides(stage) {
		if err := s.start(side, stage); err != nil {
			return errors.Join(err, s.abort(stage))
		}
	}
	return s.await(stage)
}

// start asks twice: the second time changes nothing.
func (s *seed) start(side agentapi.Side, stage agentapi.Stage) error {
	a, q := s.agents[side], s.request(side, stage)
	var already bool
	if err := a.call("Start", q, &already); err != nil {
		return fmt.Errorf("start %s on the %s: %w", stage, side, err)
	}
	if already {
		s.t.Errorf("%s on the %s: attempt %d had been started", stage, side, s.attempt)
	}
	err := a.call("Start", q, &already)
	if err == nil && !already && !s.plain { // without attempts a failed stage is started anew
		s.t.Errorf("%s on the %s: the same attempt was started twice", stage, side)
	}
	return err
}

func (s *seed) await(stage agentapi.Stage) error {
	running := s.sides(stage)
	deadline := time.Now().Add(mostWait)
	for tick := time.NewTicker(5 * time.Millisecond); ; <-tick.C {
		for _, side := range slices.Clone(running) {
			st, err := s.state(side, stage)
			switch {
			case err == nil && st.Status == agentapi.Error:
				err = &stageFailed{st}
			case err == nil && st.Status == agentapi.Completed:
				running = slices.DeleteFunc(running, func(x agentapi.Side) bool { return x == side })
			}
			if err != nil {
				tick.Stop()
				return errors.Join(err, s.abort(stage))
			}
		}
		for _, side := range s.sides(stage) { // also one that was done: the other may wait for it
			if s.agents[side].died() {
				tick.Stop()
				return errors.Join(fmt.Errorf("%s on the %s: %w", stage, side, errDied), s.abort(stage))
			}
		}
		switch {
		case len(running) == 0:
			tick.Stop()
			return nil
		case s.agents[agentapi.Target].held() || s.agents[agentapi.Source].held():
			tick.Stop()
			return errHeld
		case time.Now().After(deadline):
			tick.Stop()
			s.t.Fatalf("%s does not end within %v on %v", stage, mostWait, running)
		}
	}
}

func (s *seed) state(side agentapi.Side, stage agentapi.Stage) (st agentapi.SeedStageState, err error) {
	err = s.agents[side].call("State", Ask{SeedID: s.id, Stage: stage, Attempt: s.attempt}, &st)
	return st, err
}

// abort ends a stage where there is an agent to do it, within a time that people wait.
func (s *seed) abort(stage agentapi.Stage) error {
	var errs []error
	for _, side := range s.sides(stage) {
		err := s.agents[side].call("Abort", Ask{SeedID: s.id, Stage: stage, Attempt: s.attempt}, new(int))
		if err != nil && !errors.Is(err, errDied) {
			errs = append(errs, fmt.Errorf("abort %s on the %s: %w", stage, side, err))
		}
	}
	return errors.Join(errs...)
}

// release releases both sides, twice, and looks that nothing is left.
func (s *seed) release() {
	s.t.Helper()
	for range 2 {
		for _, side := range []agentapi.Side{agentapi.Target, agentapi.Source} {
			if err := s.agents[side].call("Release", s.id, new(int)); err != nil {
				s.t.Fatalf("release the %s: %v", side, err)
			}
		}
	}
	s.nothingLeft()
}

func (s *seed) nothingLeft() {
	s.t.Helper()
	for _, a := range s.agents {
		if left := leftovers(a.box, a.cmd.Process.Pid); len(left) > 0 {
			s.t.Errorf("left on the %s:\n%s", a.box.Side, strings.Join(left, "\n"))
		}
	}
	if err := s.within(s.w.Beside); err != nil {
		s.t.Errorf("left beside the target's data: %v", err)
	}
	if err := s.within(s.w.Source); err != nil {
		s.t.Errorf("the source is not as it was: %v", err)
	}
}

// oldIsBack looks at the target of a seed that ended badly in that stage.
func (s *seed) oldIsBack(stage agentapi.Stage) {
	s.t.Helper()
	err := s.within(s.w.Old)
	if err != nil && s.s.Empties && stage == agentapi.Restore { // plainly nothing, or everything
		empty, whole := s.within(s.w.Empty), s.within(s.w.New)
		if empty == nil || whole == nil {
			return
		}
		err = fmt.Errorf("%w; nor is the target empty: %w; nor are the new there: %w", err, empty, whole)
	}
	if err != nil {
		s.t.Errorf("the old data are not back: %v", err)
	}
}

func (s *seed) within(f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), mostWait)
	defer cancel()
	return f(ctx)
}

// whole drives every stage from first on; the target then holds the new data.
func (s *seed) whole(first agentapi.Stage) error {
	for _, stage := range path[slices.Index(path, first):] {
		if err := s.run(stage); err != nil {
			return err
		}
	}
	return nil
}

// path is the stages that agents carry out.
var path = []agentapi.Stage{agentapi.Prepare, agentapi.Backup, agentapi.Restore, agentapi.Cleanup}

func (s *seed) good() {
	s.t.Helper()
	s.must(s.t, "the new data", s.w.New)
}

func (s *seed) mustRun(first agentapi.Stage) {
	s.t.Helper()
	if err := s.whole(first); err != nil {
		s.t.Fatal(err)
	}
}
