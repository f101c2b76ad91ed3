package runner

import (
	"context"
	"errors"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
)

func TestBandwidthIsTheOneToldLastAlsoAfterARestart(t *testing.T) {
	w := newWorld(t)
	var seen []int64
	look := func(_ context.Context, w *method.Work) error { seen = append(seen, w.Run.Limit()); return nil }
	m := &methodtest.Method{OnPrepare: look, OnBackup: look, OnRestore: look, OnCleanup: look}
	open := func() (*Runner, func()) {
		j, err := journal.Open(w.state)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Open(context.Background(), Options{Journal: j, Methods: []method.Method{m}, BackupDir: w.backup, Hostname: "tgt1", Bandwidth: 11})
		if err != nil {
			t.Fatal(err)
		}
		return r, func() {
			if err := r.Stop(context.Background()); err != nil {
				t.Error(err)
			}
			j.Close()
		}
	}
	r, end := open()
	if err := r.SetBandwidth(7, 5); !errors.Is(err, ErrUnknownSeed) {
		t.Error(err)
	}
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
	q, told := request(7, agentapi.Backup, 2), int64(22)
	q.Terms = &agentapi.SeedTerms{Bandwidth: &told}
	if _, err := r.Start(q); err != nil {
		t.Fatal(err)
	}
	completed(t, r, 7, agentapi.Backup)
	if err := r.SetBandwidth(7, 33); err != nil {
		t.Fatal(err)
	}
	if err := r.SetBandwidth(7, -1); err == nil {
		t.Error("a bound below 0 was taken")
	}
	end()
	r, end = open()
	defer end()
	start(t, r, 7, agentapi.Restore, 3)
	completed(t, r, 7, agentapi.Restore)
	if err := r.SetBandwidth(7, 0); err != nil {
		t.Fatal(err)
	}
	start(t, r, 7, agentapi.Cleanup, 4)
	completed(t, r, 7, agentapi.Cleanup)
	for i, want := range []int64{11, 22, 33, 0} {
		if seen[i] != want {
			t.Errorf("limits were %v", seen)
			break
		}
	}
}

func TestOldDataIsToldAndKept(t *testing.T) {
	w := newWorld(t)
	m := &methodtest.Method{
		OnPrepare: func(_ context.Context, w *method.Work) error {
			if err := w.Run.OldData("lost", ""); err == nil {
				t.Error("an unknown word was taken")
			}
			return w.Run.OldData(agentapi.OldDataInPlace, "/data")
		},
		OnRestore: func(_ context.Context, w *method.Work) error {
			return w.Run.OldData(agentapi.OldDataAside, "/data.old")
		},
		OnRelease: func(_ context.Context, w *method.Work) error { return w.Run.OldData(agentapi.OldDataPutBack, "") },
	}
	r, end := w.open(m)
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
	start(t, r, 7, agentapi.Restore, 2)
	completed(t, r, 7, agentapi.Restore)
	end()
	r, _ = w.open(m)
	if s, err := r.State(7, agentapi.Restore, 2); err != nil || s.OldData != agentapi.OldDataAside || s.OldDataAt != "/data.old" {
		t.Errorf("%+v %v", s, err)
	}
	if err := r.Release(context.Background(), 7); err != nil {
		t.Fatal(err)
	}
	for _, want := range []agentapi.OldData{agentapi.OldDataInPlace, agentapi.OldDataAside, agentapi.OldDataPutBack} {
		if !w.told.has(func(s agentapi.SeedStageState) bool { return s.OldData == want }) {
			t.Errorf("%s was not told", want)
		}
	}
	if old, at := r.OldData(7); old != agentapi.OldDataPutBack || at != "" {
		t.Error(old, at)
	}
	if old, _ := r.OldData(8); old != "" {
		t.Error(old)
	}
}
