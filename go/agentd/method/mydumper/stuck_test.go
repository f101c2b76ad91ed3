package mydumper

import (
	"testing"
	"time"
)

func TestDumpThatWarnedAndWritesNothingMoreIsOver(t *testing.T) {
	var s stuck
	now := time.Now()
	look := func(written int64, after time.Duration, want bool) {
		t.Helper()
		if now = now.Add(after); s.over(written, now) != want {
			t.Errorf("%d bytes, %s later: %v", written, after, !want)
		}
	}
	look(10, time.Hour, false)
	look(10, time.Hour, false)
	s.saw("** (mydumper:1): WARNING **: 02:30:31.099: Using trx_consistency_only")
	look(10, time.Hour, false)
	s.saw("(mydumper:29697): GLib-WARNING **: 02:30:31.099: Accessing a sequence while it is being sorted or searched is not allowed")
	look(10, time.Second, false)
	look(10, 44*time.Second, false)
	look(11, 2*time.Second, false)
	look(11, 44*time.Second, false)
	look(11, time.Second, true)
}
