package mydumper_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mydumper"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestBandwidthIsKeptWhileRowsAreDumpedAndChangesMeanwhile(t *testing.T) {
	w := newWorld(t, mydumper.Options{Threads: 2})
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 64 << 20, Tables: 2})
	const limit = 4 << 20
	w.Run.SetLimit(limit)
	var start time.Time
	var first, last int64
	w.Run.OnProgress = func(p agentapi.Progress) {
		switch {
		case !strings.HasPrefix(p.What, "dumping rows"), p.Bytes == 0:
		case start.IsZero():
			start, first = time.Now(), p.Bytes
		case last == 0 && time.Since(start) > 7*time.Second:
			last = p.Bytes
			got := float64(last-first) / time.Since(start).Seconds()
			t.Logf("%.0f bytes a second", got)
			if math.Abs(got/limit-1) > 0.2 { // programs write in blocks; over ten seconds and more it is less
				t.Errorf("with a limit of %d bytes a second, %.0f were dumped", limit, got)
			}
			w.Run.SetLimit(0)
		}
	}
	w.Backup()
	if last == 0 {
		t.Error("the dump ended before its time")
	}
	w.Restore()
	w.Same()
}

func TestProgressOfRowsGrowsWithWhatIsReadAndEndsAtItsTotal(t *testing.T) {
	w := newWorld(t, mydumper.Options{Threads: 2})
	w.Fill(sandbox.FillOptions{Bytes: 64 << 20, Tables: 2})
	w.Exec(w.Source, "DROP DATABASE "+oddSchema, "ALTER TABLE types.generated DROP COLUMN uid, DROP COLUMN addr")
	w.Backup()
	before := len(w.Run.Progressed())
	w.Restore()
	all := w.Run.Progressed()[before:]
	var between int
	for _, p := range all {
		if p.Bytes > p.Total {
			t.Errorf("%d of %d bytes: %s", p.Bytes, p.Total, p.What)
		}
		if strings.Contains(p.What, "with myloader") && p.Bytes > p.Total/10 && p.Bytes < p.Total*8/10 {
			between++
		}
	}
	if between == 0 {
		t.Error("while the two large tables were loaded, nothing between a tenth and the end was told")
	}
	if last := all[len(all)-1]; last.Total < 64<<20 || last.Bytes < last.Total*99/100 {
		t.Errorf("the last progress was %d of %d bytes: %s", last.Bytes, last.Total, last.What)
	}
}
