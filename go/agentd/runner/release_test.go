package runner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
)

func TestReleaseEndsWhatRunsAndLeavesNothing(t *testing.T) {
	w := newWorld(t)
	var released atomic.Int32
	r, _ := w.open(&methodtest.Method{OnPrepare: family, OnRelease: func(ctx context.Context, mw *method.Work) error {
		released.Add(1)
		return mw.Run.Command(ctx, nil, "true").Run()
	}})
	start(t, r, 7, agentapi.Prepare, 3)
	pids := w.pids(7)
	for range 2 {
		if err := r.Release(context.Background(), 7); err != nil {
			t.Fatal(err)
		}
	}
	noneAlive(t, pids)
	if released.Load() != 1 {
		t.Errorf("the method released %d times", released.Load())
	}
	if _, err := os.Stat(filepath.Join(w.backup, "seed-7")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := r.Release(context.Background(), 999); err != nil {
		t.Error("unknown seed:", err)
	}
	if _, err := r.State(7, agentapi.Prepare, 3); !errors.Is(err, ErrUnknownSeed) {
		t.Error(err)
	}
	for _, q := range []StartRequest{request(7, agentapi.Prepare, 3), request(7, agentapi.Backup, 2)} {
		if _, err := r.Start(q); !errors.Is(err, ErrStale) {
			t.Errorf("late start: %v", err)
		}
	}
	if _, err := r.Start(request(7, agentapi.Backup, 4)); !errors.Is(err, ErrUnknownSeed) {
		t.Error(err)
	}
}

func TestFailedReleaseIsToldAndTriedAgain(t *testing.T) {
	w := newWorld(t)
	stuck := true
	r, _ := w.open(&methodtest.Method{OnRelease: func(context.Context, *method.Work) error {
		if stuck {
			return errors.New("device is busy")
		}
		return nil
	}})
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
	if err := r.Release(context.Background(), 7); err == nil || !strings.Contains(err.Error(), "device is busy") {
		t.Fatal(err)
	}
	start(t, r, 8, agentapi.Prepare, 1) // wants the host, and can't have it
	if s := state(t, r, 8, agentapi.Prepare); s.Status != agentapi.Error || s.ErrorCode != "release-failed" || !strings.Contains(s.Details, "seed 7") {
		t.Errorf("%+v", s)
	}
	stuck = false
	if err := r.Release(context.Background(), 7); err != nil {
		t.Fatal(err)
	}
	start(t, r, 8, agentapi.Prepare, 2)
	completed(t, r, 8, agentapi.Prepare)
}

func TestHostWorksForOneSeedAndAFailedOneIsReleasedBeforeTheNext(t *testing.T) {
	w := newWorld(t)
	var order []string
	go1 := make(chan struct{})
	r, _ := w.open(&methodtest.Method{
		OnPrepare: func(_ context.Context, mw *method.Work) error {
			if mw.SeedID == 1 {
				<-go1
				return errors.New("no luck")
			}
			order = append(order, "prepare")
			return nil
		},
		OnRelease: func(_ context.Context, mw *method.Work) error {
			if mw.SeedID == 1 {
				order = append(order, "release")
			}
			return nil
		},
	})
	start(t, r, 1, agentapi.Prepare, 1)
	if _, err := r.Start(request(2, agentapi.Prepare, 1)); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "seed 1") {
		t.Fatalf("second seed: %v", err)
	}
	close(go1)
	state(t, r, 1, agentapi.Prepare)
	start(t, r, 2, agentapi.Prepare, 1)
	completed(t, r, 2, agentapi.Prepare)
	if strings.Join(order, " ") != "release prepare" {
		t.Error(order)
	}
	if _, err := r.State(1, agentapi.Prepare, 0); !errors.Is(err, ErrUnknownSeed) {
		t.Error(err)
	}
}

func TestOneSourceServesSeveralSeedsBetweenTheirStages(t *testing.T) {
	r, _ := newWorld(t).open(&methodtest.Method{})
	for id := int64(1); id <= 2; id++ {
		q := request(id, agentapi.Prepare, 1)
		q.Side = agentapi.Source
		if _, err := r.Start(q); err != nil {
			t.Fatal(err)
		}
		completed(t, r, id, agentapi.Prepare)
	}
	completed(t, r, 1, agentapi.Prepare)
}

func TestReleaseOfAMethodThatDoesNotReturnSaysThatItStillRuns(t *testing.T) {
	deaf := make(chan struct{})
	r, _ := newWorld(t).open(&methodtest.Method{OnPrepare: func(context.Context, *method.Work) error {
		<-deaf
		return nil
	}})
	start(t, r, 7, agentapi.Prepare, 1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Release(ctx, 7); !errors.Is(err, ErrStillRunning) {
		t.Error(err)
	}
	if err := r.Abort(ctx, 7, agentapi.Prepare, 1); !errors.Is(err, ErrStillRunning) {
		t.Error(err)
	}
	close(deaf)
	if err := r.Release(context.Background(), 7); err != nil {
		t.Error(err)
	}
}

func TestAStartThatComesAfterTheAbortOfASeedThatWasNotKnownIsRefused(t *testing.T) {
	w := newWorld(t)
	r, _ := w.open(&methodtest.Method{})
	if err := r.Abort(context.Background(), 7, agentapi.Prepare, 1); !errors.Is(err, ErrUnknownSeed) {
		t.Fatal(err)
	}
	if _, err := r.Start(request(7, agentapi.Prepare, 1)); !errors.Is(err, ErrStale) {
		t.Error(err)
	}
	start(t, r, 7, agentapi.Prepare, 2)
}

func TestAStartThatComesAfterTheReleaseIsRefused(t *testing.T) {
	w := newWorld(t)
	r, _ := w.open(&methodtest.Method{})
	start(t, r, 7, agentapi.Prepare, 3)
	for _, id := range []int64{7, 8} { // 8 was never known: the service's start of it is still on its way
		r.Fence(id, 4)
		if err := r.Release(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		for _, attempt := range []int64{3, 4} {
			if _, err := r.Start(request(id, agentapi.Prepare, attempt)); !errors.Is(err, ErrStale) {
				t.Errorf("attempt %d of seed %d: %v", attempt, id, err)
			}
		}
	}
	start(t, r, 8, agentapi.Prepare, 5)
}
