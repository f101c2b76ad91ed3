package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// endsWithin is how long a seed may last when nothing is done to it any more: a stage that stands still is found after two
// minutes, an agent that is away after one.
const endsWithin = 6 * time.Minute

// line is one round in the table.
type line struct {
	pair  string
	n     int
	round round
	seed  seedapi.Seed
	found string
	took  time.Duration
	err   error
}

// rounds seeds one pair again and again until the time is over or something is wrong.
func (w *world) rounds(ctx context.Context, p *pair, until time.Time) {
	for n := 0; time.Now().Before(until) && !w.hasFailed(); n++ {
		l := line{pair: p.name, n: n, round: planRound(w.seed, p.name, p.kind, n)}
		began := time.Now()
		l.err = w.round(ctx, p, &l)
		l.took = time.Since(began)
		w.add(l)
		if l.err != nil {
			w.tell("%s: round %d, seed %d: %v", p.name, n, l.seed.SeedID, l.err)
			w.tell("%s", w.story(p, l.seed.SeedID))
		}
	}
}

// round is one seed with what is done to it.
func (w *world) round(ctx context.Context, p *pair, l *line) error {
	before, err := sums(ctx, p.target.Server)
	if err != nil {
		return fmt.Errorf("read the target before the seed: %w", err)
	}
	id, err := w.start(ctx, p, l.round.method)
	if err != nil {
		return err
	}
	l.seed.SeedID = id
	began := time.Now()
	for _, b := range l.round.blows {
		pause(ctx, time.Until(began.Add(b.after)))
		if err := w.strike(ctx, p, id, b); err != nil {
			return fmt.Errorf("%v: %w", b, err)
		}
	}
	if l.seed, err = w.ended(ctx, p, id, l.round.retry); err != nil {
		return err
	}
	w.up.RLock()
	defer w.up.RUnlock()
	if l.found, err = w.look(ctx, p, l.seed, before); err != nil {
		return err
	}
	if err := p.left(ctx, id); err != nil {
		return err
	}
	if l.seed.Status == agentapi.Completed {
		if err := p.lone(ctx); err != nil {
			return err
		}
		return p.write(ctx)
	}
	return nil
}

// start starts a seed. A call that breaks off may have made one.
func (w *world) start(ctx context.Context, p *pair, method agentapi.Method) (id int64, err error) {
	err = fleet.Until(ctx, 2*time.Minute, func() error {
		active, _, err := client.ActiveSeeds(p.target.Host).Fetch(ctx, w.service.Client)
		if err != nil {
			return err
		}
		if len(active) > 0 {
			id = active[0].SeedID
			return nil
		}
		id, _, err = client.StartSeed(method, p.target.Host, p.source.Host).Fetch(ctx, w.service.Client)
		if err != nil {
			pause(ctx, time.Second)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("start a %s seed: %w", method, err)
	}
	return id, nil
}

// ended waits for the end of the seed, and until both hosts are released when it failed. A held one is retried once, if that
// is planned.
func (w *world) ended(ctx context.Context, p *pair, id int64, retry bool) (s seedapi.Seed, err error) {
	if s, err = w.fleet.WaitEnd(ctx, id, endsWithin); err != nil {
		return s, fmt.Errorf("the seed does not end: %w", err)
	}
	if s.Held && retry {
		if _, _, err := client.RetrySeed(id).Fetch(ctx, w.service.Client); err == nil {
			w.tell("%s: seed %d, which failed in %s (%s), is retried", p.name, id, s.Stage, s.ErrorText)
		}
		if s, err = w.fleet.WaitEnd(ctx, id, endsWithin); err != nil {
			return s, fmt.Errorf("the retried seed does not end: %w", err)
		}
	}
	if s.Status == agentapi.Completed {
		return s, nil
	}
	return s, fleet.Until(ctx, 2*time.Minute, func() error {
		if s, err = w.fleet.Details(ctx, id); err != nil {
			return err
		}
		if s.Held {
			_, _, err := client.ReleaseSeed(id).Fetch(ctx, w.service.Client)
			return errors.Join(err, errors.New("it is held"))
		}
		for _, h := range s.Hosts {
			if h.Release != "released" {
				return fmt.Errorf("%s is %q: %s", h.Hostname, h.Release, h.ReleaseError)
			}
		}
		return nil
	})
}

func (w *world) add(l line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.table = append(w.table, l)
	w.failed = w.failed || l.err != nil
	w.tell("%s", l)
}

func (w *world) hasFailed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed
}

// story is what a person would look at.
func (w *world) story(p *pair, id int64) string {
	var b strings.Builder
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	states, err := w.fleet.States(ctx, id)
	if err != nil {
		fmt.Fprintln(&b, "states:", err)
	}
	for _, s := range states {
		fmt.Fprintf(&b, "%s %-12s %-15s %-9s %s\n", s.Timestamp.Format("15:04:05.000"), s.Stage, s.Hostname, s.Status, s.Details)
	}
	for name, process := range map[string]*fleet.Process{"service": w.service.Process, "source agent": p.source.Process, "target agent": p.target.Process} {
		fmt.Fprintf(&b, "--- %s\n%s\n", name, process.LogTail(15))
	}
	return b.String()
}

func (l line) String() string {
	end := fmt.Sprintf("%s in %s", l.seed.Status, l.seed.Stage)
	if l.seed.ErrorCode != "" && l.seed.Status != agentapi.Completed {
		end += " (" + l.seed.ErrorCode + ")"
	}
	var blows []string
	for _, b := range l.round.blows {
		blows = append(blows, b.String())
	}
	if l.err != nil {
		l.found = "WRONG: " + l.err.Error()
	}
	return fmt.Sprintf("| %s | %d | %s | %s | %s | %s | %.0f s |", l.pair, l.n, l.round.method, strings.Join(blows, "; "), end, l.found, l.took.Seconds())
}
