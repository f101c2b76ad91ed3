package store_test

import (
	"path/filepath"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/store"
	"github.com/orchestrator-seed/orchestrator-seed/go/store/storetest"
)

func openSQLite(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dialect: "sqlite3", Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSQLitePassesTheSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Backend {
		return openSQLite(t, filepath.Join(t.TempDir(), "seed.sqlite"))
	})
}
