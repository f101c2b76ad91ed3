package agent

import (
	"context"
	"sync"
)

// keyedLocks are mutexes by key; one exists only while someone holds it or waits for it. The zero value is ready.
type keyedLocks[K comparable] struct {
	mu    sync.Mutex
	locks map[K]*keyedLock
}

type keyedLock struct {
	mu     sync.Mutex
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
		l = &keyedLock{}
		k.locks[key] = l
	}
	l.uses++
	k.mu.Unlock()

	l.mu.Lock()
	ctx, cancel := context.WithCancel(ctx)
	k.mu.Lock()
	l.cancel = cancel
	k.mu.Unlock()
	return ctx, func() {
		cancel()
		l.mu.Unlock()
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
