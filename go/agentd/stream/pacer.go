package stream

import (
	"sync"
	"sync/atomic"
	"time"
)

// credit is how much time without use may be made good: it covers a timer that wakes up late on a busy host, and is short
// enough that ten seconds are kept within three percent.
const credit = 250 * time.Millisecond

// pacer spreads the bytes of a stream's connections over time.
type pacer struct {
	limit func() int64
	off   atomic.Bool // an abort must not wait for its turn

	mu   sync.Mutex
	free time.Time // when the line is free again at the present rate
}

// take waits until some of n bytes may be written, and returns how many: less than a tenth of a second's worth, so that a
// changed limit holds soon and the other side hears something all the time. It returns n at once when done is closed.
func (p *pacer) take(n int, done <-chan struct{}) int {
	for {
		rate := p.limit()
		if rate <= 0 || p.off.Load() {
			return n
		}
		wait, got := p.turn(n, rate)
		if got > 0 {
			return got
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-done:
			timer.Stop()
			return n
		}
	}
}

func (p *pacer) turn(n int, rate int64) (wait time.Duration, got int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if wait := p.free.Sub(now); wait > 0 {
		// A limit that was raised meanwhile must be seen: the rest of a long wait is worked out anew.
		return min(wait, 50*time.Millisecond), 0
	}
	if oldest := now.Add(-credit); p.free.Before(oldest) {
		p.free = oldest
	}
	got = int(min(int64(n), max(rate/50, 1)))
	p.free = p.free.Add(time.Duration(float64(got) / float64(rate) * float64(time.Second)))
	return 0, got
}

// refund gives back what was taken and not written.
func (p *pacer) refund(n int) {
	rate := p.limit()
	if n <= 0 || rate <= 0 || p.off.Load() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = p.free.Add(-time.Duration(float64(n) / float64(rate) * float64(time.Second)))
}
