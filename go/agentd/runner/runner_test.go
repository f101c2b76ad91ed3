package runner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
)

func TestSeedGoesThroughItsStages(t *testing.T) {
	w := newWorld(t)
	var dir string
	r, _ := w.open(&methodtest.Method{
		OnPrepare: func(_ context.Context, w *method.Work) error {
			dir = w.Dir
			return w.Run.Remember("old", map[string]int{"a": 1})
		},
		OnBackup: func(ctx context.Context, w *method.Work) error {
			if w.PeerHost != "src1" || w.SourceMySQLPort != 3306 || w.Attempt != 2 || w.Side != agentapi.Target {
				t.Errorf("%+v", w)
			}
			return w.Run.Command(ctx, []string{"WORD=hello"}, "sh", "-c", `test "$WORD" = hello && echo data >"$1"`, "sh", filepath.Join(w.Dir, "dump")).Run()
		},
		OnRestore: func(_ context.Context, w *method.Work) error {
			var old map[string]int
			if found, err := w.Run.Recall("old", &old); !found || err != nil || old["a"] != 1 {
				t.Errorf("recalled %v %v %v", found, err, old)
			}
			if found, err := w.Run.Recall("nosuch", &old); found || err != nil {
				t.Errorf("recalled %v %v", found, err)
			}
			_, err := os.Stat(filepath.Join(w.Dir, "dump"))
			return err
		},
		OnMetadata: func(context.Context, *method.Work) (agentapi.Metadata, error) {
			return agentapi.Metadata{LogFile: "bin.1", LogPos: 4}, nil
		},
	})
	for i, stage := range []agentapi.Stage{agentapi.Prepare, agentapi.Backup, agentapi.Restore, agentapi.Cleanup} {
		start(t, r, 7, stage, int64(i+1))
		completed(t, r, 7, stage)
		if stage == agentapi.Restore {
			if st, err := os.Stat(dir); err != nil || st.Mode().Perm() != 0o700 {
				t.Error(st, err)
			}
			if m, err := r.Metadata(context.Background(), 7, agentapi.Mysqldump); err != nil || m.LogFile != "bin.1" {
				t.Error(m, err)
			}
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is left: %v", err)
	}
	if a := r.Active(); a.SeedID != 7 || a.SeedStatus != agentapi.Completed || a.Stage != agentapi.Cleanup || a.StagesDetails["3"].Stage != agentapi.Cleanup {
		t.Errorf("%+v", a)
	}
}

func TestTheSameStartTwiceChangesNothingAndALateOlderOneIsRefused(t *testing.T) {
	r, _ := newWorld(t).open(&methodtest.Method{OnPrepare: hang})
	start(t, r, 7, agentapi.Prepare, 5)
	if already, err := r.Start(request(7, agentapi.Prepare, 5)); !already || err != nil {
		t.Errorf("same start: %v %v", already, err)
	}
	if already, err := r.Start(request(7, agentapi.Prepare, 4)); already || !errors.Is(err, ErrStale) {
		t.Errorf("older start: %v %v", already, err)
	}
	if _, err := r.Start(request(7, agentapi.Backup, 5)); !errors.Is(err, ErrBusy) {
		t.Errorf("another stage with the attempt of the one that runs: %v", err)
	}
	if s, err := r.State(7, agentapi.Prepare, 5); err != nil || s.Status != agentapi.Running || s.Details != "Running prepare" {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := r.State(7, agentapi.Prepare, 4); !errors.Is(err, ErrUnknownStage) {
		t.Errorf("state of an older attempt: %v", err)
	}
}

func TestCallersWithoutAttemptsStartAgainOnlyWhatFailed(t *testing.T) {
	fail := true
	w := newWorld(t)
	r, _ := w.open(&methodtest.Method{OnBackup: func(context.Context, *method.Work) error {
		if fail {
			return errors.New("lost the source")
		}
		return nil
	}})
	start(t, r, 7, agentapi.Prepare, 0)
	completed(t, r, 7, agentapi.Prepare)
	if already, err := r.Start(request(7, agentapi.Prepare, 0)); !already || err != nil {
		t.Errorf("completed: %v %v", already, err)
	}
	start(t, r, 7, agentapi.Backup, 0)
	if s := state(t, r, 7, agentapi.Backup); s.Status != agentapi.Error || s.Details != "lost the source" || s.ErrorCode != "stage-failed" {
		t.Errorf("%+v", s)
	}
	start(t, r, 7, agentapi.Prepare, 0) // a failed backup goes back to it
	completed(t, r, 7, agentapi.Prepare)
	if _, err := r.State(7, agentapi.Backup, 0); !errors.Is(err, ErrUnknownStage) {
		t.Errorf("backup after a new prepare: %v", err)
	}
	fail = false
	start(t, r, 7, agentapi.Backup, 0)
	completed(t, r, 7, agentapi.Backup)
}

func TestWhatIsNotKnownIsRefused(t *testing.T) {
	r, _ := newWorld(t).open(&methodtest.Method{})
	for _, stage := range []agentapi.Stage{agentapi.Backup, agentapi.Restore, agentapi.Cleanup} {
		if _, err := r.Start(request(7, stage, 1)); !errors.Is(err, ErrUnknownSeed) {
			t.Errorf("%s: %v", stage, err)
		}
	}
	q := request(7, agentapi.Prepare, 1)
	q.Method = agentapi.LVM
	if _, err := r.Start(q); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	start(t, r, 7, agentapi.Prepare, 1)
	completed(t, r, 7, agentapi.Prepare)
	q = request(7, agentapi.Cleanup, 2)
	q.Side = agentapi.Source
	if _, err := r.Start(q); !errors.Is(err, ErrMismatch) {
		t.Error(err)
	}
	if _, err := r.Metadata(context.Background(), 7, agentapi.LVM); !errors.Is(err, ErrMismatch) {
		t.Error(err)
	}
	if err := r.Abort(context.Background(), 8, agentapi.Backup, 0); !errors.Is(err, ErrUnknownSeed) {
		t.Error(err)
	}
	if err := r.Abort(context.Background(), 7, agentapi.Backup, 0); err != nil {
		t.Error("nothing runs:", err)
	}
}

func TestPanickingMethodIsAnErrorOfItsStage(t *testing.T) {
	r, _ := newWorld(t).open(&methodtest.Method{
		OnPrepare:  func(context.Context, *method.Work) error { panic("boo") },
		OnMetadata: func(context.Context, *method.Work) (agentapi.Metadata, error) { panic("boo") },
	})
	start(t, r, 7, agentapi.Prepare, 1)
	if s := state(t, r, 7, agentapi.Prepare); s.Status != agentapi.Error || s.ErrorCode != "agent-bug" || !strings.Contains(s.Details, "boo") {
		t.Errorf("%+v", s)
	}
	if _, err := r.Metadata(context.Background(), 7, agentapi.Mysqldump); err == nil {
		t.Error("metadata panicked without an error")
	}
}

func TestErrorCarriesCodeHintAndTheToolsLastWords(t *testing.T) {
	w := newWorld(t)
	r, end := w.open(&methodtest.Method{OnPrepare: func(ctx context.Context, w *method.Work) error {
		err := w.Run.Command(ctx, nil, "sh", "-c", "echo warming up >&2; echo 'disk is full' >&2; exit 3").Run()
		return &method.StageError{Code: "disk-full", Text: "dump", Hint: "Make room.", Permanent: true, Err: err}
	}})
	start(t, r, 7, agentapi.Prepare, 1)
	s := state(t, r, 7, agentapi.Prepare)
	if s.ErrorCode != "disk-full" || s.Hint != "Make room." || !s.Permanent || !strings.Contains(s.Details, "exit status 3: warming up\ndisk is full") {
		t.Errorf("%+v", s)
	}
	end()
	j, err := journal.Open(w.state)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	e, _, err := j.Load()
	if err != nil || len(e) != 1 || len(e[0].Groups) != 0 {
		t.Fatal(e, err)
	}
	if tools := e[0].Stages[agentapi.Prepare].Tools; len(tools) != 1 || tools[0].Name != "sh" || tools[0].Ended != "exit status 3" || !strings.Contains(tools[0].Stderr, "disk is full") {
		t.Errorf("%+v", tools)
	}
}

func TestProgressAndWordsAreToldAndKept(t *testing.T) {
	w := newWorld(t)
	r, _ := w.open(&methodtest.Method{OnPrepare: func(ctx context.Context, w *method.Work) error {
		w.Run.Say("dumping 12 schemas")
		w.Run.Progress(50, 100, "dumping")
		w.Run.Progress(40, 100, "dumping") // never back
		return hang(ctx, w)
	}})
	start(t, r, 7, agentapi.Prepare, 1)
	until(t, "progress was told", func() bool {
		return w.told.has(func(s agentapi.SeedStageState) bool {
			return s.Progress != nil && s.Progress.Bytes == 50 && s.Progress.Total == 100 && s.Details == "dumping 12 schemas"
		})
	})
	s, err := r.State(7, agentapi.Prepare, 1)
	if err != nil || len(s.Said) != 1 || !strings.HasSuffix(s.Said[0], " dumping 12 schemas") {
		t.Errorf("%+v %v", s, err)
	}
	if err := r.Abort(context.Background(), 7, agentapi.Prepare, 1); err != nil {
		t.Fatal(err)
	}
	if !w.told.has(func(s agentapi.SeedStageState) bool { return s.Status == agentapi.Error && s.ErrorCode == "aborted" }) {
		t.Error("the abort was not told")
	}
}

func TestFullDiskRefusesAStartAndAnEndIsWrittenWhenThereIsRoomAgain(t *testing.T) {
	w := newWorld(t)
	j, err := journal.Open(w.state)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	disk := &fullDisk{Journal: j}
	release := make(chan struct{})
	r := w.openOn(disk, &methodtest.Method{OnPrepare: func(_ context.Context, w *method.Work) error {
		<-release
		return w.Run.Remember("k", 1)
	}})
	disk.full.Store(true)
	if _, err := r.Start(request(7, agentapi.Prepare, 1)); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	if s := state(t, r, 7, agentapi.Prepare); s.Status != agentapi.Error || !strings.Contains(s.Details, "no space left") {
		t.Errorf("%+v", s)
	}
	disk.full.Store(false)
	start(t, r, 7, agentapi.Prepare, 2)
	disk.full.Store(true)
	close(release)
	if s := state(t, r, 7, agentapi.Prepare); s.Status != agentapi.Error || !strings.Contains(s.Details, "remember k: ") {
		t.Errorf("%+v", s)
	}
	disk.full.Store(false)
	until(t, "the end is on disk", func() bool {
		e, _, err := j.Load()
		return err == nil && len(e) == 1 && e[0].Stages[agentapi.Prepare].Status == agentapi.Error
	})
	if err := r.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestOldSeedsAreForgotten(t *testing.T) {
	w := newWorld(t)
	r, _ := w.open(&methodtest.Method{})
	r.o.Keep = 2
	for id := int64(1); id <= 5; id++ {
		start(t, r, id, agentapi.Prepare, 1)
		completed(t, r, id, agentapi.Prepare)
		if err := r.Release(context.Background(), id); err != nil {
			t.Fatal(err)
		}
	}
	files := func() int {
		f, err := os.ReadDir(filepath.Join(w.state, "seeds"))
		if err != nil {
			t.Fatal(err)
		}
		return len(f)
	}
	until(t, "two are kept", func() bool { return files() == 2 })
	if err := r.prune(time.Now().Add(25 * time.Hour)); err != nil || files() != 0 {
		t.Error(err, files())
	}
}
