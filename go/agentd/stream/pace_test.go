package stream

import (
	"bytes"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestPaceIsExactOverTenSeconds(t *testing.T) {
	for name, late := range map[string]time.Duration{"idle host": 0, "busy host": 60 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var rate atomic.Int64
				p := &pacer{limit: rate.Load}
				for _, r := range []int64{1000, 3 << 20, 40 << 20, 50_000} {
					rate.Store(r)
					sent := int64(0)
					for start, turn := time.Now(), 0; time.Since(start) < 10*time.Second; turn++ {
						n := p.take(gather, nil)
						if r < 10<<20 && turn%5 == 0 {
							time.Sleep(late) // on the fake clock: the process did not get its turn
						}
						p.refund(n / 3) // the write did not take all
						sent += int64(n - n/3)
					}
					if off := float64(sent)/float64(10*r) - 1; off > 0.05 || off < -0.05 {
						t.Errorf("%d bytes in 10 s at %d a second: %.1f%% off", sent, r, 100*off)
					}
				}
			})
		})
	}
}

func TestLimitIsKeptAndChangesWhileRunning(t *testing.T) {
	t.Parallel()
	for packing, scale := range map[Compression]int64{Off: 1 << 20, On: 50 << 10} {
		t.Run("packing "+string(packing), func(t *testing.T) {
			t.Parallel()
			keepsLimit(t, packing, scale)
		})
	}
}

func keepsLimit(t *testing.T, packing Compression, scale int64) {
	var limit atomic.Int64
	limit.Store(scale)
	w := newWorld(t)
	var seen atomic.Pointer[reading]
	seen.Store(&reading{})
	stop, end := io.Pipe()
	w.src = &bothRead{endless{half(1 << 20)}, stop}
	defer end.Close()
	w.dst = io.Discard
	w.send.Limit, w.send.Compress = limit.Load, packing
	w.send.Progress = func(p Progress) { seen.Store(&reading{p.Wire, time.Now()}) }
	ctx, cancel := withCancel(t)
	w.sendCtx = ctx
	done := make(chan outcome, 1)
	go func() { done <- w.run() }()
	for _, rate := range []int64{4 * scale, scale, 8 * scale} {
		limit.Store(rate)
		from := settle(&seen, 500*time.Millisecond)
		to := settle(&seen, 3*time.Second)
		// A busy host may send less; how exact the pace itself is, the test above says.
		took, got := to.at.Sub(from.at), to.wire-from.wire
		if most := int64((took + 2*credit).Seconds() * float64(rate)); got > most {
			t.Errorf("%d bytes in %s at a limit of %d", got, took, rate)
		}
		if got < int64(took.Seconds()*float64(rate))/4 {
			t.Errorf("only %d bytes in %s at a limit of %d", got, took, rate)
		}
	}
	cancel()
	<-done
}

type reading struct {
	wire int64
	at   time.Time
}

// settle waits for d and then for the next progress.
func settle(seen *atomic.Pointer[reading], d time.Duration) *reading {
	never := make(chan struct{})
	waitFor(never, d)
	for old := seen.Load(); ; waitFor(never, time.Millisecond) {
		if now := seen.Load(); now != old {
			return now
		}
	}
}

type endless struct{ some []byte }

func (e endless) Read(p []byte) (int, error) { return copy(p, e.some), nil }

func TestAbortDoesNotWaitForALowLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send.Limit = func() int64 { return 1000 }
	stop, end := io.Pipe()
	defer end.Close()
	w.src, w.dst = &bothRead{endless{noise(1 << 20)}, stop}, io.Discard
	ctx, cancel := withCancel(t)
	w.sendCtx = ctx
	var once atomic.Bool
	w.send.Progress = func(p Progress) {
		if p.Wire > 2000 && once.CompareAndSwap(false, true) {
			cancel()
		}
	}
	out := w.run()
	w.wantBothFail(out, "canceled", "canceled")
	if out.sendTook > 8*time.Second {
		t.Errorf("took %s", out.sendTook)
	}
}

// TestChooser tells periods to a chooser and what a world of that kind would answer.
func TestPackingIsChosenWhereItIsFaster(t *testing.T) {
	const mb = 1e6
	for name, c := range map[string]struct {
		source, line, packer, sink, ratio float64 // bytes a second
		want                              bool
	}{
		"slow line":                {source: 500 * mb, line: 100 * mb, packer: 300 * mb, sink: 1000 * mb, ratio: 0.3, want: true},
		"fast line":                {source: 2000 * mb, line: 900 * mb, packer: 300 * mb, sink: 2000 * mb, ratio: 0.3},
		"slow line, noise":         {source: 500 * mb, line: 100 * mb, packer: 900 * mb, sink: 1000 * mb, ratio: 1},
		"slow tool":                {source: 50 * mb, line: 100 * mb, packer: 300 * mb, sink: 1000 * mb, ratio: 0.3},
		"slow receiver":            {source: 500 * mb, line: 100 * mb, packer: 300 * mb, sink: 60 * mb, ratio: 0.3},
		"very slow line":           {source: 500 * mb, line: 1 * mb, packer: 300 * mb, sink: 1000 * mb, ratio: 0.5, want: true},
		"tool just above the line": {source: 150 * mb, line: 100 * mb, packer: 300 * mb, sink: 1000 * mb, ratio: 0.3, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			var choose chooser
			now, on, periods := time.Unix(0, 0), 0, 400
			var s sample
			for range periods {
				for range chooseFrames + 1 {
					line := c.line
					if choose.on {
						line = min(c.line/c.ratio, c.packer)
					}
					rate := min(c.source, line, c.sink)
					bytes := rate * 0.2
					s.payload += int64(bytes)
					now = now.Add(200 * time.Millisecond)
					if choose.on {
						s.raw, s.wire = s.raw+int64(bytes), s.wire+int64(bytes*c.ratio)
					}
					if min(c.source, c.packer) > rate || !choose.on && c.source > rate {
						s.blocked += 190 * time.Millisecond
					}
					choose.packs(now, s, func() (float64, float64) { return c.packer, c.ratio })
				}
				if choose.on {
					on++
				}
			}
			if share := float64(on) / float64(periods); c.want && share < 0.9 || !c.want && share > 0.06 {
				t.Errorf("packed %.0f%% of the time", 100*share)
			}
		})
	}
}

func TestSlowLineIsPackedByItself(t *testing.T) {
	t.Parallel()
	payload := rows(4 << 20)
	w := newWorld(t)
	w.src, w.send.Limit = bytes.NewReader(payload), func() int64 { return 512 << 10 }
	out := w.run()
	w.wantWhole(out, payload)
	if !out.sent.Compressed || out.sent.Wire >= out.sent.Bytes {
		t.Errorf("%+v", out.sent)
	}
}
