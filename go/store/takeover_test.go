package store

import (
	"path/filepath"
	"testing"
	"time"
)

func TestLeaseOfAKilledServiceIsNotWaitedForOnSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seed.sqlite3")
	open := func() *Store {
		s, err := Open(t.Context(), Options{Dialect: "sqlite3", Path: path})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := open()
	term, ok, err := first.AcquireLease(t.Context(), "node1", time.Hour)
	if err != nil || !ok {
		t.Fatalf("first lease: %t, %v", ok, err)
	}
	if err := first.Close(); err != nil { // without giving the lease back, as a killed process
		t.Fatal(err)
	}
	second := open()
	defer second.Close()
	next, ok, err := second.AcquireLease(t.Context(), "node1", time.Hour)
	if err != nil || !ok || next <= term {
		t.Errorf("after a kill: term %d (before: %d), %t, %v", next, term, ok, err)
	}
}
