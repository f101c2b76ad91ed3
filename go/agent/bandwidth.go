package agent

import (
	"context"
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// SetBandwidth bounds the seed's copy from now on, in bytes a second; 0 takes the bound away. It is kept with the seed, so
// that later attempts have it too, and told to both agents before the call returns; an agent that could not be told is told
// again with every look at the seed, and the error says so. A seed that has ended is refused.
func (e *Engine) SetBandwidth(ctx context.Context, id, bytesPerSecond int64, user string) error {
	if bytesPerSecond < 0 {
		return &OpError{Code: "bad-input", Op: "bound the bandwidth", Text: "bytes a second can't be negative", Err: ErrBadInput}
	}
	ctx, cancel := e.request(ctx)
	defer cancel()
	known := hosts{}
	if s, err := e.store.Seed(ctx, id); err == nil {
		if known, err = e.hosts(ctx, s); err != nil {
			return asOp("bandwidth", id, err)
		}
	}
	asked, err := e.change(ctx, id, "bandwidth", user, func(d *decider) error {
		if !d.seed.Active() {
			return refuse("bound the bandwidth of", id, fmt.Sprintf("it has ended already (%s)", d.seed.Status), "")
		}
		d.seed.Engine.Bandwidth = &bytesPerSecond
		for _, side := range agentapi.Sides {
			d.host(side).LimitDue = d.copies() && streams(known[side])
		}
		d.audit = &AuditEntry{Type: "agent-seed-bandwidth", Message: fmt.Sprintf("bandwidth of seed %d: %s", id, rateText(bytesPerSecond))}
		d.row(d.seed.TargetHost, d.seed.Status, fmt.Sprintf("Bandwidth: %s, asked for by %s", rateText(bytesPerSecond), orSomeone(user)))
		return nil
	})
	if err != nil {
		return err
	}
	after, err := e.settle(ctx, "bandwidth", asked, func(s *Seed) bool { return notLimited(s) == nil })
	if err != nil || after == nil {
		return err
	}
	return notLimited(after)
}

// notLimited is an error when an agent that copies has not confirmed the seed's bandwidth.
func notLimited(s *Seed) error {
	if s.Status != agentapi.Running {
		return nil
	}
	for _, side := range agentapi.Sides {
		if h := s.Engine.Hosts[side]; h != nil && h.LimitDue {
			return &OpError{Code: CodeAgentUnreachable, Op: fmt.Sprintf("bound the bandwidth of seed %d", s.ID), Host: s.Host(side),
				Text: "the agent has not confirmed it", Hint: "it is told again until it confirms", Err: ErrUnreachable}
		}
	}
	return nil
}

// copies says whether a change of the bandwidth matters to what is started already.
func (d *decider) copies() bool {
	return d.seed.Stage == agentapi.Prepare || d.seed.Stage == agentapi.Backup
}

// limit tells the seed's bandwidth to agents that have not confirmed it.
func (e *Engine) limit(ctx context.Context, s *Seed, known hosts, reports map[Side]Report) {
	if s.Engine.Bandwidth == nil {
		return
	}
	due := filter(agentapi.Sides, s, func(h *HostState) bool { return h.LimitDue })
	told := e.ask(ctx, s, known, due, func(ctx context.Context, s *Seed, known hosts, side Side) Report {
		if err := e.client.Bandwidth(ctx, known[side], s, *s.Engine.Bandwidth); err != nil {
			return reportOf(err)
		}
		return Report{Answer: AnswerDone}
	})
	for side, answer := range told {
		r := reports[side]
		r.Limit = &answer
		reports[side] = r
	}
}

// limits judges how the agents took the bandwidth. One that does not know the seed has nothing to bound.
func (d *decider) limits() {
	for _, side := range agentapi.Sides {
		r := d.obs.Reports[side].Limit
		if r == nil {
			continue
		}
		switch h := d.host(side); r.Answer {
		case AnswerDone, AnswerUnknownSeed:
			h.LimitDue = false
			d.out.Changed = true
		case AnswerRefused:
			h.LimitDue = false
			d.row(d.seed.Host(side), agentapi.Running, "The bandwidth was not taken: "+r.Problem.Text)
		}
	}
}

func rateText(bytesPerSecond int64) string {
	switch {
	case bytesPerSecond == 0:
		return "no bound"
	case bytesPerSecond >= 1<<20:
		return fmt.Sprintf("at most %.1f MiB/s", float64(bytesPerSecond)/(1<<20))
	}
	return fmt.Sprintf("at most %.1f KiB/s", float64(bytesPerSecond)/(1<<10))
}
