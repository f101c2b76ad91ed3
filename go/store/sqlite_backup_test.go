package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
	"github.com/orchestrator-seed/orchestrator-seed/go/store/storetest"
)

func TestBackupOfAFileThatIsBeingWrittenHoldsOneMoment(t *testing.T) {
	dir := t.TempDir()
	path, to := filepath.Join(dir, "seed.sqlite"), filepath.Join(dir, "backup.sqlite")
	s := openSQLite(t, path)
	ctx, stop := context.WithCancel(t.Context())
	begun := make(chan struct{})
	var writes sync.WaitGroup
	writes.Go(func() {
		for n := 0; ctx.Err() == nil; n++ { // a seed and its history are one transaction each
			seed := storetest.NewSeed("t"+strings.Repeat("x", n), "s")
			_, err := s.CreateSeed(context.WithoutCancel(ctx), agent.Fence{}, seed, []agent.StageState{{Stage: seed.Stage, Host: seed.TargetHost, Status: seed.Status}}, agent.AuditEntry{Type: "x"}, nil, 0, 0)
			if err != nil {
				t.Error(err)
				return
			}
			if n == 20 {
				close(begun)
			}
			if n == 200 {
				return
			}
		}
	})
	<-begun
	size, err := store.BackupSQLite(t.Context(), path, to)
	stop()
	writes.Wait()
	if err != nil || size < 4096 {
		t.Fatal(size, err)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 || info.Size() != size {
		t.Fatal(info, err)
	}
	copied := openSQLite(t, to)
	seeds, err := copied.Seeds(t.Context(), agent.SeedFilter{})
	if err != nil || len(seeds) < 20 {
		t.Fatalf("%d seeds, %v", len(seeds), err)
	}
	for _, seed := range seeds {
		states, err := copied.SeedStates(t.Context(), seed.ID)
		if err != nil || len(states) != 1 {
			t.Fatalf("seed %d has %d rows of history, %v", seed.ID, len(states), err)
		}
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if strings.HasPrefix(n.Name(), ".backup-") {
			t.Errorf("%s was left", n.Name())
		}
	}
}

func TestBackupReplacesNothingAndNeedsADatabase(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "seed.sqlite")
	openSQLite(t, path)
	precious := filepath.Join(dir, "precious")
	if err := os.WriteFile(precious, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for word, c := range map[string]struct{ from, to string }{
		"exists already":    {path, precious},
		"find the database": {filepath.Join(dir, "missing"), filepath.Join(dir, "b")},
		"not a database":    {precious + "2", filepath.Join(dir, "b")},
		"no such file":      {path, filepath.Join(dir, "missing", "b")},
	} {
		if c.from == precious+"2" {
			if err := os.WriteFile(c.from, []byte(strings.Repeat("no database\n", 500)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := store.BackupSQLite(t.Context(), c.from, c.to); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: got %v", word, err)
		}
	}
	if text, err := os.ReadFile(precious); err != nil || string(text) != "precious" {
		t.Fatal(string(text), err)
	}
	names, err := filepath.Glob(filepath.Join(dir, ".backup-*"))
	if err != nil || len(names) > 0 {
		t.Fatal(names, err)
	}
}
