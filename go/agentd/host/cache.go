package host

import (
	"context"
	"sync"
	"time"
)

// cached keeps the last value of something that takes long to find out. A caller gets what is there: a value that is too
// old is found out again beside the caller, once at a time; only when there is none yet, or when patient, does a caller
// wait, and no longer than its context.
type cached[T any] struct {
	find  func(context.Context) (T, error)
	fresh time.Duration // how long a value is good
	limit time.Duration // of one look
	// patient callers wait for a new value when the old one is not fresh; it is told if their context is over first.
	patient bool

	mu      sync.Mutex
	value   T
	err     error
	at      time.Time     // zero: never found
	looking chan struct{} // closed when the look under way is over; nil when there is none
}

// get returns the value and the error of the last look that has ended. ctx is the life of the look's owner (the agent),
// wait bounds how long this caller waits for the first value.
func (c *cached[T]) get(life, wait context.Context) (T, error) {
	c.mu.Lock()
	if c.looking == nil && time.Since(c.at) > c.fresh && life.Err() == nil {
		c.looking = make(chan struct{})
		go c.look(life, c.looking)
	}
	looking, known := c.looking, !c.at.IsZero()
	c.mu.Unlock()
	if looking != nil && (!known || c.patient) {
		select {
		case <-looking:
		case <-wait.Done():
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return c.value, context.Cause(wait)
	}
	return c.value, c.err
}

func (c *cached[T]) look(life context.Context, done chan struct{}) {
	defer close(done)
	ctx, cancel := context.WithTimeout(life, c.limit)
	defer cancel()
	v, err := c.find(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.value = v
	}
	c.err, c.at, c.looking = err, time.Now(), nil
}

// forget makes the next get look anew; the old value is still told until then.
func (c *cached[T]) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at.IsZero() {
		c.at = time.Unix(1, 0)
	}
}
