package mydumper

import (
	"sync"
	"syscall"
	"time"
)

// boundStep is how often a bound looks at what was written.
const boundStep = 20 * time.Millisecond

// bound keeps the rows that mydumper reads within the seed's bandwidth, which it has no option for: by stopping its processes
// for moments, whenever it has written more than it may. Before its first rows, while it holds its lock, it is never stopped.
type bound struct {
	dir   string
	limit func() int64

	mu      sync.Mutex
	pid     int // of the process and of its group
	stopped bool
	credit  float64 // bytes that it may still write
	written int64   // at the last look
	at      time.Time
}

func (b *bound) started(pid int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pid = pid
}

// look stops the processes, or lets them go on.
func (b *bound) look() {
	b.mu.Lock()
	defer b.mu.Unlock()
	limit := float64(b.limit())
	if b.pid == 0 {
		return
	}
	if limit <= 0 {
		b.at = time.Time{}
		b.stop(false)
		return
	}
	n, now := rowBytes(b.dir), time.Now()
	if b.at.IsZero() {
		b.written, b.credit = n, 0
	} else {
		b.credit += limit*now.Sub(b.at).Seconds() - float64(n-b.written)
		b.credit = min(b.credit, limit) // what was not used for longer than a second is lost
		b.written = n
	}
	b.at = now
	b.stop(b.credit < 0)
}

func (b *bound) stop(stop bool) {
	if stop == b.stopped {
		return
	}
	b.stopped = stop
	signal := syscall.SIGCONT
	if stop {
		signal = syscall.SIGSTOP
	}
	_ = syscall.Kill(-b.pid, signal) // it may have ended
}
