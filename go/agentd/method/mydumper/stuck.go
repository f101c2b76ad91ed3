package mydumper

import (
	"errors"
	"strings"
	"sync/atomic"
	"time"
)

// stuckPatience is how long a mydumper that warned of its own threads may write nothing.
const stuckPatience = 45 * time.Second

var errStuck = errors.New("mydumper warned that its threads disturb each other, and has written nothing since")

// stuck knows a mydumper 0.10 whose threads wait for each other for ever, with the source's tables locked: now and then two of
// them sort one list at the same time, of which GLib warns. Most dumps go on well after that.
type stuck struct {
	warned atomic.Bool
	bytes  int64
	since  time.Time
}

// saw reads a line of the program's words.
func (s *stuck) saw(line string) {
	if strings.Contains(line, "GLib-WARNING **") {
		s.warned.Store(true)
	}
}

// over says whether that has happened; written is the size of what was written by now. Called by one goroutine.
func (s *stuck) over(written int64, now time.Time) bool {
	if !s.warned.Load() {
		return false
	}
	if s.since.IsZero() || written != s.bytes {
		s.bytes, s.since = written, now
		return false
	}
	return now.Sub(s.since) >= stuckPatience
}
