package agent

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// observe makes the calls that the stored row announces, side by side, and turns answers and failures into facts. Each of
// them may be made again after a crash. An error is one of the store: nothing was observed.
func (e *Engine) observe(ctx context.Context, s *Seed, obs *Observation) error {
	known, err := e.hosts(ctx, s)
	if err != nil {
		return err
	}
	now := e.clock.Now()
	switch s.Status {
	case agentapi.Scheduled:
		if s.Stage == agentapi.ConnectSlave {
			obs.Replication = e.connect(ctx, s, known)
			return nil
		}
		obs.Reports = e.ask(ctx, s, known, Participants(s), e.start)
	case agentapi.Running:
		if s.Stage == agentapi.ConnectSlave {
			obs.Replication = e.look(ctx, s, known)
			return nil
		}
		obs.Reports = e.polls(ctx, s, known, obs.Due)
		e.limit(ctx, s, known, obs.Reports)
		if s.Stage == agentapi.Cleanup && completesWith(s, obs.Reports) {
			e.postSeed(ctx, s, known, obs.Reports)
		}
	case agentapi.Error:
		if obs.Due || !now.Before(s.NotBefore) {
			obs.Reports = e.ask(ctx, s, known, toEnd(s), e.endStage)
		}
	case agentapi.Aborting:
		obs.Reports = e.ask(ctx, s, known, agentapi.Sides, e.abort)
		if s.Stage == agentapi.ConnectSlave {
			obs.Replication = e.disconnect(ctx, s, known)
		}
	case agentapi.Failed:
		if s.Engine.HeldUntil.IsZero() || !now.Before(s.Engine.HeldUntil) {
			obs.Reports = e.ask(ctx, s, known, unreleased(s), e.release)
		}
	}
	return nil
}

// call is one call to one agent of a seed.
type call func(ctx context.Context, s *Seed, known hosts, side Side) Report

// ask calls the agents of the sides side by side.
func (e *Engine) ask(ctx context.Context, s *Seed, known hosts, sides []Side, call call) map[Side]Report {
	var mu sync.Mutex
	var wg sync.WaitGroup
	reports := map[Side]Report{}
	for _, side := range sides {
		wg.Go(func() {
			r := notRegistered(s, side)
			if known[side] != nil {
				r = call(ctx, s, known, side)
			}
			mu.Lock()
			defer mu.Unlock()
			reports[side] = r
		})
	}
	wg.Wait()
	return reports
}

func notRegistered(s *Seed, side Side) Report {
	return reportOf(&OpError{
		Code: CodeAgentUnreachable, Op: "find the agent", Host: s.Host(side), Stage: s.Stage, Text: "it is not registered",
		Hint: "start orchestrator-agent there, so that it registers again", Err: ErrUnreachable,
	})
}

func (e *Engine) start(ctx context.Context, s *Seed, known hosts, side Side) Report {
	if known[agentapi.Source] == nil {
		return notRegistered(s, agentapi.Source)
	}
	if err := e.client.Start(ctx, known[side], s, side, termsFor(s, known, side)); err != nil {
		return reportOf(err)
	}
	return Report{Answer: AnswerAccepted}
}

// passiveEvery is how often an agent is asked that calls back when its part of a stage ends, while another one moves the
// bytes: its call may have been lost.
const passiveEvery = 10 * time.Second

// polls asks for the state of the stage. Where both agents take part and call back by themselves, the target, which moves the
// bytes or waits for them, is asked each time. The other one is asked as well when there is news (a call-back, a person, a
// new attempt), when the target's part has ended or gives no answer, when it is itself away, and every now and then.
func (e *Engine) polls(ctx context.Context, s *Seed, known hosts, all bool) map[Side]Report {
	sides := unfinished(s)
	everybody := e.live.everybody(s, e.clock.Now(), e.passiveEvery())
	source := s.Engine.Hosts[agentapi.Source]
	if all || everybody || len(sides) < 2 || !callsBack(known) || source != nil && !source.UnreachableSince.IsZero() {
		return e.ask(ctx, s, known, sides, e.poll)
	}
	reports := e.ask(ctx, s, known, []Side{agentapi.Target}, e.poll)
	if r := reports[agentapi.Target]; r.Answer != AnswerState || r.State.Status != agentapi.Running {
		maps.Copy(reports, e.ask(ctx, s, known, []Side{agentapi.Source}, e.poll))
	}
	return reports
}

// passiveEvery is passiveEvery, or some ticks of a bare ticker, which is slow by itself.
func (e *Engine) passiveEvery() time.Duration {
	if e.policy.EventDriven {
		return passiveEvery
	}
	return max(passiveEvery, 3*e.policy.Interval)
}

// callsBack says whether both agents report the end of a stage by themselves.
func callsBack(known hosts) bool {
	for _, side := range agentapi.Sides {
		if h := known[side]; h == nil || h.Data == nil || !h.Data.Has(agentapi.AbilityCallback) {
			return false
		}
	}
	return true
}

func (e *Engine) poll(ctx context.Context, s *Seed, known hosts, side Side) Report {
	st, err := e.client.StageState(ctx, known[side], s)
	if err != nil {
		return reportOf(err)
	}
	if st.Progress == nil && st.Status == agentapi.Running && !(s.Stage == agentapi.Backup && s.Engine.TargetReceives) {
		e.diskProgress(ctx, s, known[agentapi.Target], st)
	}
	return Report{Answer: AnswerState, State: st}
}

// diskProgress measures a copy whose agent does not count bytes by the space that it takes on the target; not more often
// than once a minute, because agents of others walk their directories for it.
func (e *Engine) diskProgress(ctx context.Context, s *Seed, target *Host, st *agentapi.SeedStageState) {
	if target == nil || s.Stage != agentapi.Backup && s.Stage != agentapi.Restore {
		return
	}
	every := min(time.Minute, e.policy.StaleAfter/5)
	p := s.Engine.Progress
	if e.clock.Now().Sub(p.SeenAt) < every {
		return
	}
	data, err := e.client.Data(ctx, target)
	if err != nil {
		return
	}
	used := data.MySQLDatadirDiskUsed
	if s.Stage == agentapi.Backup && !data.AvailiableSeedMethods[s.Method].BackupToDatadir {
		used = data.BackupDirDiskUsed
	}
	st.Progress = &agentapi.Progress{Bytes: used, What: "disk space used on the target"}
}

func (e *Engine) abort(ctx context.Context, s *Seed, known hosts, side Side) Report {
	if err := e.client.Abort(ctx, known[side], s); err != nil {
		return reportOf(err)
	}
	return Report{Answer: AnswerDone}
}

// endStage ends what a failed stage left, and first hears what the side has to say of it: it may know why.
func (e *Engine) endStage(ctx context.Context, s *Seed, known hosts, side Side) Report {
	var last *agentapi.SeedStageState
	if h := s.Engine.Hosts[side]; h != nil && h.Stage == agentapi.Running {
		if st, err := e.client.StageState(ctx, known[side], s); err == nil {
			last = st
		}
	}
	r := e.abort(ctx, s, known, side)
	r.Last = last
	return r
}

// abortSides has what a failed stage left running ended; should it not work now, the retry does it again.
func (e *Engine) abortSides(ctx context.Context, s *Seed, sides []Side) {
	if len(sides) == 0 {
		return
	}
	known, err := e.hosts(ctx, s)
	if err != nil {
		e.log.Warn("abort of a stage without progress", "seed", s.ID, "err", err)
		return
	}
	for side, r := range e.ask(ctx, s, known, sides, e.abort) {
		if r.Answer != AnswerDone {
			e.log.Warn("abort of a stage without progress", "seed", s.ID, "host", s.Host(side), "problem", r.Problem.Text)
		}
	}
}

// release lets go of one side. A target whose replication was set up and never proven is taken out of it.
func (e *Engine) release(ctx context.Context, s *Seed, known hosts, side Side) Report {
	if side == agentapi.Target && s.Stage == agentapi.ConnectSlave {
		if err := e.topology.DisconnectReplica(ctx, address(known[side])); err != nil {
			return reportOf(err)
		}
	}
	old, err := e.client.Release(ctx, known[side], s, side)
	if err != nil {
		return reportOf(err)
	}
	return Report{Answer: AnswerDone, OldData: old}
}

// postSeed runs the post-seed command on each host that has one.
func (e *Engine) postSeed(ctx context.Context, s *Seed, known hosts, reports map[Side]Report) {
	var mu sync.Mutex
	e.ask(ctx, s, known, agentapi.Sides, func(ctx context.Context, s *Seed, known hosts, side Side) Report {
		h := known[side]
		if h.Data == nil || !slices.Contains(h.Data.AgentCommands, "post-seed-command") {
			return Report{}
		}
		out, err := e.client.PostSeed(ctx, h, s)
		post := &PostSeedReport{Output: out}
		if err != nil {
			post = &PostSeedReport{Output: err.Error(), Failed: true}
		}
		mu.Lock()
		defer mu.Unlock()
		r := reports[side]
		r.PostSeed = post
		reports[side] = r
		return Report{}
	})
}

// reportOf turns a failed call into a fact.
func reportOf(err error) Report {
	r := Report{Answer: AnswerRefused, Problem: Problem{Code: CodeAgentRefused, Text: err.Error()}}
	if op, ok := errors.AsType[*OpError](err); ok {
		r.Problem = op.Problem()
	}
	switch {
	case errors.Is(err, ErrUnknownSeed):
		r.Answer = AnswerUnknownSeed
	case errors.Is(err, ErrStillRunning):
		r.Answer = AnswerStillRunning
	case errors.Is(err, ErrUnreachable), errors.Is(err, ErrNotFound):
		r.Answer = AnswerUnreachable
	}
	return r
}

// unfinished are the participants that have not completed the stage.
func unfinished(s *Seed) []Side {
	return filter(Participants(s), s, func(h *HostState) bool { return h.Stage != agentapi.Completed })
}

// toEnd are the sides on which work of the failed stage may still go on: also where its start failed, because the command may
// have arrived and only the answer been lost. Where the backup runs on the source, the target keeps a receiving end open since
// Prepare, whatever it said of its stage.
func toEnd(s *Seed) []Side {
	if s.BackupSide == agentapi.Source && (s.Stage == agentapi.Prepare || s.Stage == agentapi.Backup) {
		return agentapi.Sides
	}
	return unfinished(s)
}

// unreleased are the sides that hold something of a failed seed.
func unreleased(s *Seed) []Side {
	return filter(agentapi.Sides, s, func(h *HostState) bool { return h.Release == ReleasePending || h.Release == ReleaseHeld })
}

func filter(sides []Side, s *Seed, keep func(*HostState) bool) []Side {
	var out []Side
	for _, side := range sides {
		h := s.Engine.Hosts[side]
		if h == nil {
			h = &HostState{}
		}
		if keep(h) {
			out = append(out, side)
		}
	}
	return out
}

// completesWith says whether these reports complete the stage.
func completesWith(s *Seed, reports map[Side]Report) bool {
	for _, side := range unfinished(s) {
		r := reports[side]
		if r.Answer != AnswerState || r.State.Status != agentapi.Completed {
			return false
		}
	}
	return true
}
