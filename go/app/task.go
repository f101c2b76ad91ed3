package app

import (
	"context"
	"time"
)

// task is something that runs until it is stopped. The zero value is one that was never begun.
type task struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// begin runs f; it does not end with ctx.
func (t *task) begin(ctx context.Context, f func(context.Context)) {
	ctx, t.cancel = context.WithCancel(context.WithoutCancel(ctx))
	t.done = make(chan struct{})
	go func() {
		defer close(t.done)
		f(ctx)
	}()
}

func (t *task) stop() {
	if t.cancel != nil {
		t.cancel()
	}
}

// wait waits until it has ended, or for that long; 0 is for ever.
func (t *task) wait(most time.Duration) {
	if t.done == nil {
		return
	}
	var over <-chan time.Time
	if most > 0 {
		over = time.After(most)
	}
	select {
	case <-t.done:
	case <-over:
	}
}
