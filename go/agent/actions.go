package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Abort asks for the end of a live seed and makes the first attempt before it returns: when its agents confirm, the seed is
// Failed by then. With force, agents that do not answer are given up. A seed that is being aborted already is not an error;
// one that has ended is.
func (e *Engine) Abort(ctx context.Context, id int64, force bool, user string) error {
	if user == "" {
		user = "a person"
	}
	err := e.change(ctx, id, "abort", user, func(d *decider) error {
		switch d.seed.Status {
		case agentapi.Completed, agentapi.Failed:
			return refuse("abort", id, fmt.Sprintf("it has ended already (%s)", d.seed.Status), "")
		case agentapi.Aborting:
			return nil
		}
		d.seed.Engine.AbortedBy = user
		d.row(d.seed.TargetHost, agentapi.Aborting, "Abort asked for by "+user)
		d.move(EventAbortAsked)
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := e.step(ctx, id, Observation{Force: force}); err != nil && !errors.Is(err, context.Canceled) {
		return asOp("abort", id, err)
	}
	e.Wake(id)
	return nil
}

// Retry takes a held seed up again at the stage where it failed.
func (e *Engine) Retry(ctx context.Context, id int64, user string) error {
	err := e.change(ctx, id, "retry", user, func(d *decider) error {
		if d.seed.Status != agentapi.Failed {
			return refuse("retry", id, fmt.Sprintf("it is %s, not Failed", d.seed.Status), "")
		}
		for _, side := range agentapi.Sides {
			if d.host(side).Release != ReleaseHeld {
				return refuse("retry", id, "what it held has been released", "start a new seed")
			}
		}
		if _, _, err := next(d.seed.Stage, d.seed.Status, EventRetryAsked); err != nil {
			return refuse("retry", id, fmt.Sprintf("it failed in %s", d.seed.Stage), "start a new seed")
		}
		d.seed.Retries, d.seed.Problem, d.seed.Engine.Metadata = 0, Problem{}, nil
		d.row(d.seed.TargetHost, agentapi.Scheduled, "Retry asked for by "+orSomeone(user))
		d.move(EventRetryAsked)
		return nil
	})
	if err == nil {
		e.Wake(id)
	}
	return err
}

// ReleaseSeed lets go of a held seed now and asks its agents once before it returns. A seed that holds nothing any more is
// not an error.
func (e *Engine) ReleaseSeed(ctx context.Context, id int64, user string) error {
	err := e.change(ctx, id, "release", user, func(d *decider) error {
		if d.seed.Status != agentapi.Failed {
			return refuse("release", id, fmt.Sprintf("it is %s, not Failed", d.seed.Status), "abort it first")
		}
		if d.seed.Engine.HeldUntil.IsZero() {
			return nil
		}
		for _, side := range agentapi.Sides {
			if h := d.host(side); h.Release == ReleaseHeld {
				h.Release = ReleasePending
			}
		}
		d.seed.Engine.HeldUntil = time.Time{}
		d.seed.Engine.ReleaseUntil = d.now.Add(d.policy.GiveUpRelease)
		d.row(d.seed.TargetHost, agentapi.Failed, "Release asked for by "+orSomeone(user))
		return nil
	})
	if err != nil {
		return err
	}
	after, err := e.step(ctx, id, Observation{})
	if err != nil {
		return asOp("release", id, err)
	}
	e.Wake(id)
	if after.seed != nil {
		for _, side := range agentapi.Sides {
			if h := after.seed.Engine.Hosts[side]; h != nil && h.Release == ReleasePending && h.ReleaseError != "" {
				return &OpError{Code: CodeAgentUnreachable, Op: fmt.Sprintf("release seed %d", id), Host: after.seed.Host(side),
					Text: h.ReleaseError, Hint: "it is asked again until it confirms", Err: ErrUnreachable}
			}
		}
	}
	return nil
}

// change makes a person's move: reads the seed, lets f change it, stores it with the audit; read again when someone else
// was quicker. A step that is under way is interrupted, so that no call which hangs can delay a person's word.
func (e *Engine) change(ctx context.Context, id int64, verb, user string, f func(d *decider) error) error {
	for {
		fence, leading := e.leader.Leading()
		if !leading {
			return &OpError{Code: "not-leader", Op: verb + " a seed", Text: "this node is not the leader", Hint: "ask the leader, or try again in a few seconds", Err: ErrFenced}
		}
		s, err := e.store.Seed(ctx, id)
		if err != nil {
			return asOp(verb, id, err)
		}
		d := &decider{before: s, seed: s.clone(), now: e.clock.Now(), policy: e.policy}
		if err := f(d); err != nil {
			return err
		}
		if d.err != nil {
			return d.err
		}
		if !d.out.Changed {
			return nil
		}
		d.out.Seed = d.seed
		entry := AuditEntry{Type: "agent-" + verb + "-seed", Message: fmt.Sprintf("%s seed %d", verb, id)}
		if d.audit != nil {
			entry = *d.audit
		}
		entry.At, entry.Host, entry.User = d.now, s.TargetHost, user
		d.out.Audit = append(d.out.Audit, entry)
		_, err = e.record(ctx, fence, s, d.out)
		if errors.Is(err, ErrConflict) {
			continue
		}
		e.steps.interrupt(id)
		return asOp(verb, id, err)
	}
}

func refuse(op string, id int64, text, hint string) error {
	return &OpError{Code: "refused", Op: fmt.Sprintf("%s seed %d", op, id), Text: text, Hint: hint, Permanent: true, Err: ErrRefused}
}

func orSomeone(user string) string {
	if user == "" {
		return "a person"
	}
	return user
}

// AgentReported takes an agent's call-back: it wakes the seed, which then asks the agent itself. The report must come from
// one of the seed's two hosts.
func (e *Engine) AgentReported(ctx context.Context, host string, st agentapi.SeedStageState) error {
	s, err := e.store.Seed(ctx, st.SeedID)
	if err != nil {
		return asOp("report on", st.SeedID, err)
	}
	if !concerns(s, host) {
		return &OpError{Code: "refused", Op: fmt.Sprintf("report on seed %d", st.SeedID), Host: host, Text: "the seed is none of this host's", Err: ErrRefused}
	}
	if s.Active() {
		e.Wake(s.ID)
	}
	return nil
}
