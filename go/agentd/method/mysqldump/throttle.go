package mysqldump

import (
	"context"
	"io"
	"time"
)

// throttled is a reader that takes no more than limit bytes a second of r; limit is asked again and again, 0 is none. What it
// has not read, the program behind the pipe can't have read of the source, but for its buffers.
type throttled struct {
	ctx   context.Context
	r     io.Reader
	limit func() int64
	debt  float64 // bytes read before their time
	since time.Time
}

// pause is the longest time between two looks at the limit, and what may be read of it at once.
const pause = 100 * time.Millisecond

// Read implements io.Reader.
func (t *throttled) Read(p []byte) (int, error) {
	limit := t.limit()
	if limit <= 0 {
		t.debt, t.since = 0, time.Time{}
		return t.r.Read(p)
	}
	if err := t.wait(); err != nil {
		return 0, err
	}
	if most := atOnce(limit); int64(len(p)) > most {
		p = p[:most]
	}
	n, err := t.r.Read(p)
	t.debt += float64(n)
	return n, err
}

// atOnce is how much may be read at once.
func atOnce(limit int64) int64 { return max(1<<10, int64(float64(limit)*pause.Seconds())) }

// wait waits until nothing is owed.
func (t *throttled) wait() error {
	for {
		limit, now := t.limit(), time.Now()
		if limit <= 0 {
			t.debt = 0
		} else if !t.since.IsZero() { // time that was not used may be made up for a moment later, not much later
			t.debt = max(t.debt-now.Sub(t.since).Seconds()*float64(limit), -float64(limit)*pause.Seconds())
		}
		t.since = now
		t.debt = min(t.debt, float64(atOnce(limit))) // what an earlier, higher limit allowed is not made up for
		if t.debt <= 0 {
			return nil
		}
		due := time.NewTimer(max(time.Millisecond, min(pause, time.Duration(t.debt/float64(limit)*float64(time.Second)))))
		select {
		case <-t.ctx.Done():
			due.Stop()
			return context.Cause(t.ctx)
		case <-due.C:
		}
	}
}
