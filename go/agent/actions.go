package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Abort asks for the end of a live seed and waits for the first attempt before it returns: when its agents confirm, the seed
// is Failed by then. With force, agents that do not answer are given up. A seed that is being aborted already is not an
// error; one that has ended is.
func (e *Engine) Abort(ctx context.Context, id int64, force bool, user string) error {
	ctx, cancel := e.request(ctx)
	defer cancel()
	if user == "" {
		user = "a person"
	}
	asked, err := e.change(ctx, id, "abort", user, func(d *decider) error {
		switch d.seed.Status {
		case agentapi.Completed, agentapi.Failed:
			return refuse("abort", id, fmt.Sprintf("it has ended already (%s)", d.seed.Status), "")
		case agentapi.Aborting:
		default:
			d.seed.Engine.AbortedBy, d.seed.Engine.AbortForced = user, false
			d.row(d.seed.TargetHost, agentapi.Aborting, "Abort asked for by "+user)
			d.move(EventAbortAsked)
		}
		if force && !d.seed.Engine.AbortForced {
			d.seed.Engine.AbortForced = true
			d.row(d.seed.TargetHost, agentapi.Aborting, "Agents that do not answer are given up, asked for by "+user)
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = e.settle(ctx, "abort", asked, func(s *Seed) bool { return s.Status != agentapi.Aborting || s.Version > asked.Version })
	return err
}

// Retry takes a held seed up again at the stage where it failed.
func (e *Engine) Retry(ctx context.Context, id int64, user string) error {
	ctx, cancel := e.request(ctx)
	defer cancel()
	_, err := e.change(ctx, id, "retry", user, func(d *decider) error {
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

// ReleaseSeed lets go of a held seed now; its agents are asked once before it returns. A seed that holds nothing any more is
// not an error.
func (e *Engine) ReleaseSeed(ctx context.Context, id int64, user string) error {
	ctx, cancel := e.request(ctx)
	defer cancel()
	asked, err := e.change(ctx, id, "release", user, func(d *decider) error {
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
	after, err := e.settle(ctx, "release", asked, func(s *Seed) bool { return !s.Releasing() || notReleased(s) != nil })
	if err != nil || after == nil {
		return err
	}
	return notReleased(after)
}

// notReleased is an error when an agent was asked to let go of the seed and has not confirmed it.
func notReleased(s *Seed) error {
	for _, side := range agentapi.Sides {
		if h := s.Engine.Hosts[side]; h != nil && h.Release == ReleasePending && h.ReleaseError != "" {
			return &OpError{Code: CodeAgentUnreachable, Op: fmt.Sprintf("release seed %d", s.ID), Host: s.Host(side),
				Text: h.ReleaseError, Hint: "it is asked again until it confirms", Err: ErrUnreachable}
		}
	}
	return nil
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

// AgentReported takes an agent's call-back: it wakes the seed, which the node that leads then asks the agent about. The
// report must come from one of the seed's two hosts.
func (e *Engine) AgentReported(ctx context.Context, host string, st agentapi.SeedStageState) error {
	s, err := e.store.Seed(ctx, st.SeedID)
	if err != nil {
		return asOp("report on", st.SeedID, err)
	}
	if !concerns(s, host) {
		return &OpError{Code: "refused", Op: fmt.Sprintf("report on seed %d", st.SeedID), Host: host, Text: "the seed is none of this host's", Err: ErrRefused}
	}
	if !s.Active() {
		return nil
	}
	if _, leading := e.leader.Leading(); leading {
		e.Wake(s.ID)
		return nil
	}
	return asOp("report on", s.ID, e.store.WakeSeed(ctx, s.ID))
}
