package mysqldump

import (
	"context"
	"errors"
	"io"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// endless gives bytes as fast as they are asked for.
type endless struct{ n int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.n += int64(len(p))
	return len(p), nil
}

func TestReadingKeepsWithinFivePercentOfALimitThatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var limit atomic.Int64
		source := &endless{}
		r := &throttled{ctx: t.Context(), r: source, limit: limit.Load}
		buf := make([]byte, 1<<20)
		for _, want := range []int64{5 << 20, 300 << 10, 80 << 20} {
			limit.Store(want)
			start, before := time.Now(), source.n
			for time.Since(start) < 10*time.Second {
				if _, err := r.Read(buf); err != nil {
					t.Fatal(err)
				}
			}
			got := float64(source.n-before) / time.Since(start).Seconds()
			if math.Abs(got/float64(want)-1) > 0.05 {
				t.Errorf("with a limit of %d bytes a second, %.0f were read", want, got)
			}
		}
		limit.Store(0)
		start := time.Now()
		for range 1000 {
			if _, err := r.Read(buf); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took > 0 {
			t.Errorf("without a limit, reading waited for %s", took)
		}
	})
}

func TestReadingThatWaitsEndsWithItsContext(t *testing.T) {
	aborted := errors.New("aborted")
	ctx, cancel := context.WithCancelCause(t.Context())
	r := &throttled{ctx: ctx, r: &endless{}, limit: func() int64 { return 1 }}
	if _, err := r.Read(make([]byte, 1024)); err != nil {
		t.Fatal(err)
	}
	cancel(aborted)
	if _, err := r.Read(make([]byte, 1024)); !errors.Is(err, aborted) || errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}
