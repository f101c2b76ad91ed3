package runner

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// TestStormOnAReceivingEnd starts, aborts, joins and releases at moments of chance; whatever happens, a release leaves nothing.
func TestStormOnAReceivingEnd(t *testing.T) {
	w := newWorld(t)
	var up atomic.Int32
	m := receiver(func(ctx context.Context, mw *method.Work, run method.Runner) error {
		up.Add(1)
		defer up.Add(-1)
		if mw.Attempt%3 == 0 {
			return nil // ends when it is aborted, or a moment before or after that
		}
		run.Say("receiving")
		if mw.Attempt%3 == 1 {
			return run.Command(ctx, nil, "sleep", "300").Run()
		}
		<-ctx.Done()
		return ctx.Err()
	})
	r, _ := w.open(m)
	ctx := context.Background()
	var attempt atomic.Int64
	acts := []func(){
		func() { r.Start(request(7, agentapi.Prepare, attempt.Add(1))) },
		func() { r.Start(request(7, agentapi.Prepare, attempt.Add(1))) },
		func() { r.Start(request(7, agentapi.Backup, attempt.Add(1))) },
		func() { r.Start(request(7, agentapi.Cleanup, attempt.Add(1))) },
		func() { r.Abort(ctx, 7, agentapi.Prepare, attempt.Load()) },
		func() { r.Abort(ctx, 7, agentapi.Backup, 0) },
		func() { r.Release(ctx, 7) },
		func() { r.Start(request(8, agentapi.Prepare, attempt.Add(1))) },
		func() { r.Release(ctx, 8) },
		func() { r.SetBandwidth(7, attempt.Load()); r.Active(); r.State(7, agentapi.Backup, 0) },
		func() { r.PostSeed(ctx, 7, []string{"true"}) },
	}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(n), 1))
			for range 40 {
				acts[dice.IntN(len(acts))]()
			}
		})
	}
	wg.Wait()
	for id := int64(7); id <= 8; id++ {
		if err := r.Release(ctx, id); err != nil {
			t.Error(err)
		}
	}
	if n := up.Load(); n != 0 {
		t.Errorf("%d receiving ends are up after the release", n)
	}
	e, _, err := r.o.Journal.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range e {
		if len(e.Groups) != 0 {
			t.Errorf("%+v", e.Groups)
		}
		if left, err := e.Mark.Carriers(); err != nil || len(left) != 0 {
			t.Error(left, err)
		}
	}
}

func TestReceivingEndThatEndsJustWhenItIsAbortedEndsOnce(t *testing.T) {
	w := newWorld(t)
	ending := make(chan struct{})
	r, _ := w.open(receiver(func(ctx context.Context, _ *method.Work, _ method.Runner) error {
		select {
		case <-ending:
		case <-ctx.Done():
		}
		return ctx.Err()
	}))
	for i := int64(1); i < 100; i += 2 {
		start(t, r, 7, agentapi.Prepare, i)
		completed(t, r, 7, agentapi.Prepare)
		start(t, r, 7, agentapi.Backup, i+1)
		go func() {
			select {
			case ending <- struct{}{}:
			default:
			}
		}()
		if err := r.Abort(context.Background(), 7, agentapi.Backup, i+1); err != nil {
			t.Fatal(err)
		}
		if s := state(t, r, 7, agentapi.Backup); s.Status == agentapi.Error && s.ErrorCode != "aborted" {
			t.Fatalf("%+v", s)
		}
	}
}
