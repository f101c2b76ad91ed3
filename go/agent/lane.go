package agent

import (
	"context"
	"sync"
	"time"
)

// lane bounds how many go on at once without letting the slow hold up the others: whoever has not left after the patience
// goes on, and gives its place to the next.
type lane struct {
	places   chan struct{}
	patience time.Duration
}

func newLane(places int, patience time.Duration) *lane {
	return &lane{places: make(chan struct{}, places), patience: patience}
}

// enter waits for a place. leave gives it back and may be called again; overdue, if not nil, is called when the patience is
// over before that.
func (l *lane) enter(ctx context.Context, overdue func()) (leave func(), err error) {
	select {
	case l.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	free := sync.OnceFunc(func() { <-l.places })
	timer := time.AfterFunc(l.patience, func() {
		free()
		if overdue != nil {
			overdue()
		}
	})
	return func() {
		timer.Stop()
		free()
	}, nil
}
