package agent

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Waits between two looks at a seed whose stage runs: short at first, because many stages are over at once. They bound the
// time that passes unseen after a stage of an agent that never calls back.
const (
	firstLook   = 100 * time.Millisecond
	longestLook = 1500 * time.Millisecond
)

// Run steps seeds until ctx ends and returns when all its goroutines have. Event-driven, every seed has a loop of its own
// that takes the next step as soon as there is one to take; otherwise a bare ticker runs a cycle every interval.
func (e *Engine) Run(ctx context.Context) {
	if e.policy.EventDriven {
		e.runLoops(ctx)
		return
	}
	var steps sync.WaitGroup
	defer steps.Wait()
	tick := time.NewTicker(e.policy.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := e.tick(ctx, &steps); err != nil && ctx.Err() == nil && !errors.Is(err, ErrFenced) {
			e.log.Error("process seeds", "err", err)
		}
	}
}

// tick begins a step of every seed whose earlier step has ended, and waits for none: an agent that hangs delays its own seed
// and no other. A cycle is over for the meter when every step of it has ended or is overdue.
func (e *Engine) tick(ctx context.Context, steps *sync.WaitGroup) error {
	began := time.Now()
	seeds, err := e.work(ctx)
	if err != nil {
		return err
	}
	var quick sync.WaitGroup
	for _, s := range seeds {
		if e.steps.busy(s.ID) {
			continue
		}
		quick.Add(1)
		done := sync.OnceFunc(quick.Done)
		leave, err := e.turn(ctx, s, done)
		if err != nil {
			done()
			return err
		}
		steps.Go(func() {
			defer done()
			defer leave()
			e.stepIn(ctx, s, Observation{}, leave)
		})
	}
	steps.Go(func() {
		quick.Wait()
		e.meter.Cycle(time.Since(began), len(seeds))
	})
	return nil
}

// runLoops keeps one loop for each seed that there is something to do for.
func (e *Engine) runLoops(ctx context.Context) {
	var loops sync.WaitGroup
	defer loops.Wait()
	running := map[int64]bool{}
	ended := make(chan int64)
	look := time.NewTimer(0)
	defer look.Stop()
	begin := func(id int64) {
		running[id] = true
		loops.Go(func() {
			e.follow(ctx, id)
			ended <- id
		})
	}
	for {
		select {
		case <-ctx.Done():
			go func() { // loops that end now want to say so
				loops.Wait()
				close(ended)
			}()
			for range ended {
			}
			return
		case id := <-ended:
			delete(running, id)
			if fence, leading := e.leader.Leading(); leading && e.live.of(fence, id) != nil { // a person took it up again
				begin(id)
			}
			continue
		case <-e.news:
		case <-look.C:
		}
		look.Reset(e.lookForNew())
		e.lookAround(ctx, running, begin)
	}
}

// lookAround begins a loop for each seed that has none, and wakes those of which the backend has news.
func (e *Engine) lookAround(ctx context.Context, running map[int64]bool, begin func(id int64)) {
	fence, leading := e.leader.Leading()
	if !leading {
		e.live.clear()
		return
	}
	news, err := e.refresh(ctx, fence)
	if err != nil {
		if ctx.Err() == nil {
			e.log.Error("read the seeds to work on", "err", err)
		}
		return
	}
	for _, id := range news {
		if running[id] {
			e.Wake(id)
		}
	}
	for _, s := range e.live.all() { // last: a new loop begins with a look of its own
		if !running[s.ID] {
			begin(s.ID)
		}
	}
}

// lookForNew is how often seeds are looked for that another node made.
func (e *Engine) lookForNew() time.Duration { return min(time.Second, e.policy.Interval) }

// follow steps one seed until nothing of it is left to do, or this node leads no longer.
func (e *Engine) follow(ctx context.Context, id int64) {
	woken := e.subscribe(id)
	defer e.unsubscribe(id)
	timer := time.NewTimer(0)
	defer timer.Stop()
	looks := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-woken:
		case <-timer.C:
			select {
			case <-woken: // this look serves it, too
			default:
			}
		}
		after, err := e.followed(ctx, id)
		switch {
		case errors.Is(err, ErrFenced), errors.Is(err, ErrNotFound):
			return
		case err != nil && ctx.Err() == nil:
			if !errors.Is(err, context.Canceled) {
				e.log.Error("step seed", "seed", id, "err", err)
			}
			timer.Reset(time.Second)
			continue
		case after.seed == nil: // someone else moved it
			timer.Reset(0)
			continue
		case !after.seed.Active() && !after.seed.Releasing():
			return
		}
		if after.moved {
			looks = 0
		} else {
			looks++
		}
		timer.Reset(e.nextLook(after.seed, after.moved, looks))
	}
}

// followed is a step in the seed's turn.
func (e *Engine) followed(ctx context.Context, id int64) (stepped, error) {
	fence, leading := e.leader.Leading()
	if !leading {
		return stepped{}, ErrFenced
	}
	s, err := e.seed(ctx, fence, id)
	if err != nil {
		return stepped{}, err
	}
	leave, err := e.turn(ctx, s, nil)
	if err != nil {
		return stepped{}, err
	}
	defer leave()
	// In a goroutine of its own, whose stack goes away with it: calls to agents make it grow, and thousands of loops keep theirs.
	var after stepped
	done := make(chan struct{})
	go func() {
		defer close(done)
		after, err = e.stepped(ctx, id, Observation{}, leave)
	}()
	<-done
	return after, err
}

// nextLook is how long a seed may be left alone. A wake-up comes in between.
func (e *Engine) nextLook(s *Seed, moved bool, looks int) time.Duration {
	now := e.clock.Now()
	switch s.Status {
	case agentapi.Scheduled:
		return 0
	case agentapi.Running:
		return min(firstLook<<min(looks, 10), longestLook)
	case agentapi.Error:
		return max(0, s.NotBefore.Sub(now))
	case agentapi.Aborting:
		if moved {
			return 0
		}
		return min(time.Second<<min(looks, 5), e.policy.Interval)
	}
	if until := s.Engine.HeldUntil; now.Before(until) {
		return until.Sub(now)
	}
	if moved {
		return 0
	}
	return min(time.Second<<min(looks, 10), e.policy.Interval)
}

// Wake makes the seed's next step due now, and has it ask every agent of the seed.
func (e *Engine) Wake(id int64) {
	e.live.call(id)
	e.mu.Lock()
	woken, followed := e.wake[id]
	e.mu.Unlock()
	if followed {
		select {
		case woken <- struct{}{}:
		default:
		}
		return
	}
	select {
	case e.news <- struct{}{}:
	default:
	}
}

func (e *Engine) subscribe(id int64) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	woken := make(chan struct{}, 1)
	e.wake[id] = woken
	return woken
}

func (e *Engine) unsubscribe(id int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.wake, id)
}
