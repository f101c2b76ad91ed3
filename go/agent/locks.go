package agent

import (
	"context"
	"sync"
)

// keyedLocks are locks by key; one exists only while someone holds it or waits for it. The zero value is ready. They are made
// of channels, because whoever waits at a sync.Mutex keeps the time of a testing/synctest bubble from going on.
type keyedLocks[K comparable] struct {
	mu    sync.Mutex
	locks map[K]*keyedLock
}

type keyedLock struct {
	held   chan struct{} // full while someone holds it
	uses   int
	cancel context.CancelFunc // ends the context of whoever holds it
}

// lock waits for the key. The context that it returns ends with unlock, or when someone interrupts the holder.
func (k *keyedLocks[K]) lock(ctx context.Context, key K) (_ context.Context, unlock func()) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = map[K]*keyedLock{}
	}
	l := k.locks[key]
	if l == nil {
		l = &keyedLock{held: make(chan struct{}, 1)}
		k.locks[key] = l
	}
	l.uses++
	k.mu.Unlock()

	l.held <- struct{}{}
	ctx, cancel := context.WithCancel(ctx)
	k.mu.Lock()
	l.cancel = cancel
	k.mu.Unlock()
	return ctx, func() {
		cancel()
		<-l.held
		k.mu.Lock()
		defer k.mu.Unlock()
		if l.uses--; l.uses == 0 {
			delete(k.locks, key)
		}
	}
}

// interrupt ends the context of whoever holds the key now.
func (k *keyedLocks[K]) interrupt(key K) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l := k.locks[key]; l != nil && l.cancel != nil {
		l.cancel()
	}
}

// busy says whether someone holds the key or waits for it.
func (k *keyedLocks[K]) busy(key K) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.locks[key] != nil
}
