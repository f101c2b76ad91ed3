package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// watchFlags are the flags of everything that watches a seed.
type watchFlags struct {
	WaitTimeout        time.Duration `name:"wait-timeout" placeholder:"TIME" help:"Stop watching after that time (default: never)." group:"Watching"`
	UnreachableTimeout time.Duration `name:"unreachable-timeout" default:"5m" placeholder:"TIME" help:"Stop watching when the service has been away for that time (default ${default})." group:"Watching"`
	Poll               time.Duration `name:"poll" default:"2s" placeholder:"TIME" help:"How often to ask where no events come (default ${default})." group:"Watching"`
}

// viewer shows a seed while it is watched. Its methods are called by one goroutine.
type viewer interface {
	update(ctx context.Context, u client.SeedUpdate) // the seed has changed
	lost(err error)                                  // the service did not answer this time
	tick()                                           // about a second has gone by
	close()                                          // nothing more will be shown
}

// watchSeed watches a seed to its end, says how it ended, and returns that as an exit status.
func watchSeed(ctx context.Context, s *session, id int64, f watchFlags) error {
	last, err := watch(ctx, s, id, f, newViewer(s))
	if err != nil {
		return err
	}
	states, err := client.SeedStates(id).Do(ctx, s.api)
	if err != nil {
		states = nil // the seed's end is known; only the stages' times are not
	}
	if err := s.answer(last.JSON, func(p *page) { summary(p, last.Seed, states) }); err != nil {
		return err
	}
	return exitOf(last.Seed)
}

func newViewer(s *session) viewer {
	if columns, ok := s.Terminal(s.Stderr); ok {
		return &liveLine{session: s, columns: columns}
	}
	return &changeLines{session: s}
}

// watch shows a seed until it ends and returns it as it ended. The error has the exit status for ctx, time-outs and a
// service that stays away.
func watch(parent context.Context, s *session, id int64, f watchFlags, v viewer) (client.SeedUpdate, error) {
	api, err := s.service()
	if err != nil {
		return client.SeedUpdate{}, err
	}
	ctx, cancel := context.WithCancel(parent)
	looks := look(ctx, api, id, f.Poll)
	defer func() {
		cancel()
		for range looks {
		}
	}()
	defer v.close()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var over <-chan time.Time
	if f.WaitTimeout > 0 {
		t := time.NewTimer(f.WaitTimeout)
		defer t.Stop()
		over = t.C
	}
	away := absence{limit: f.UnreachableTimeout}
	for {
		select {
		case <-parent.Done():
			v.close()
			return client.SeedUpdate{}, stopped(id)
		case <-over:
			v.close()
			return client.SeedUpdate{}, exitf(ExitWaitTimeout, "seed %d has not ended within %s; it goes on. Watch it again with: orchestrator-seed wait %d", id, f.WaitTimeout, id)
		case <-tick.C:
			v.tick()
		case l := <-looks:
			switch {
			case l.err != nil && parent.Err() != nil:
				continue
			case l.err != nil && !client.Temporary(l.err):
				return client.SeedUpdate{}, l.err
			case l.err != nil:
				away.begin(l.err)
				v.lost(l.err)
			default:
				away = absence{limit: f.UnreachableTimeout}
				v.update(ctx, l.SeedUpdate)
				if !client.Live(l.Seed) {
					return l.SeedUpdate, nil
				}
			}
		}
		if err := away.tooLong(); err != nil {
			v.close()
			s.say("seed %d goes on without being watched; watch it again with: orchestrator-seed wait %d", id, id)
			return client.SeedUpdate{}, err
		}
	}
}

// looked is one look at a seed, or why there was none.
type looked struct {
	client.SeedUpdate
	err error
}

// look sends every look at the seed; the channel is closed when ctx has ended or the seed has.
func look(ctx context.Context, api *client.Client, id int64, poll time.Duration) <-chan looked {
	out := make(chan looked)
	go func() {
		defer close(out)
		for u, err := range api.Watch(ctx, id, poll) {
			select {
			case out <- looked{u, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// absence is how long the service has been away.
type absence struct {
	limit time.Duration
	since time.Time
	err   error
}

func (a *absence) begin(err error) {
	if a.since.IsZero() {
		a.since = time.Now()
	}
	a.err = err
}

func (a *absence) tooLong() error {
	if a.since.IsZero() || time.Since(a.since) < a.limit {
		return nil
	}
	return a.err
}

func stopped(id int64) error {
	return exitf(ExitInterrupted, "no longer watching; seed %d goes on. Watch it again with: orchestrator-seed wait %d; end it with: orchestrator-seed agent-abort-seed %d", id, id, id)
}

// exitOf is the exit status of a seed that ended; the summary has said the rest.
func exitOf(seed seedapi.Seed) error {
	switch {
	case seed.Status == "Completed":
		return nil
	case seed.ErrorCode == codeAborted:
		return exit(ExitAborted)
	case seed.Status == "Failed":
		return exit(ExitFailed)
	}
	return fmt.Errorf("seed %d ended with the unknown status %q", seed.SeedID, seed.Status)
}
