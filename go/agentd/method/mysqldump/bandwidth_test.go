package mysqldump_test

import (
	"math"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestBandwidthIsKeptWithinFivePercentAndChangesWhileTheDumpRuns(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.Fill(sandbox.FillOptions{NoObjects: true, Bytes: 48 << 20, Tables: 1})
	const limit = 3 << 20
	w.Run.SetLimit(limit)
	var start time.Time
	var first, last int64
	w.Run.OnProgress = func(p agentapi.Progress) {
		switch {
		case start.IsZero():
			start, first = time.Now(), p.Bytes
		case last > 0:
		case time.Since(start) > 6*time.Second:
			last = p.Bytes
			got := float64(last-first) / time.Since(start).Seconds()
			if math.Abs(got/limit-1) > 0.05 {
				t.Errorf("with a limit of %d bytes a second, %.0f were dumped", limit, got)
			}
			w.Run.SetLimit(0)
		}
	}
	began := time.Now()
	w.Backup()
	if took := time.Since(began); took > 15*time.Second || last == 0 {
		t.Errorf("the dump took %s, %d bytes under the limit", took, last)
	}
	if got := w.Run.OldDataSaid(); len(got) != 2 || got[0] != agentapi.OldDataInPlace || got[1] != agentapi.OldDataInPlace {
		t.Errorf("before Restore, the old data were %v", got)
	}
	w.Restore()
	w.Same()
	if got := w.Run.OldDataSaid(); got[len(got)-1] != agentapi.OldDataErased {
		t.Errorf("after Restore, the old data were %v", got)
	}
}

func TestProgressOfALoadEndsAtItsTotalAndNeverFalls(t *testing.T) {
	w := newWorld(t, sandbox.MariaDB)
	w.Fill(sandbox.FillOptions{Bytes: 24 << 20, Tables: 2})
	w.Backup()
	before := len(w.Run.Progressed())
	w.Restore()
	all := w.Run.Progressed()[before:]
	for _, p := range all {
		if p.Bytes > p.Total {
			t.Errorf("%d of %d bytes: %s", p.Bytes, p.Total, p.What)
		}
	}
	if last := all[len(all)-1]; last.Total == 0 || last.Bytes < last.Total*99/100 {
		t.Errorf("the last progress was %d of %d bytes: %s", last.Bytes, last.Total, last.What)
	}
}
