package store_test

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
	"github.com/orchestrator-seed/orchestrator-seed/go/store/storetest"
)

const writeVariable = "ORCHESTRATOR_SEED_TEST_WRITE"

// TestWriteOn is the process that is killed: it stores lines of the audit and tells the number of each that was stored.
func TestWriteOn(t *testing.T) {
	path := os.Getenv(writeVariable)
	if path == "" {
		return
	}
	s := openSQLite(t, path)
	for n := 1; ; n++ {
		if err := s.Audit(t.Context(), agent.AuditEntry{Type: "write", Message: strconv.Itoa(n) + strings.Repeat(" long", 500)}); err != nil {
			t.Fatal(err)
		}
		fmt.Println(n)
	}
}

func TestKilledServiceLosesNothingThatWasStored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seed.sqlite")
	stored := 0
	for round := range 8 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWriteOn$")
		cmd.Env = append(os.Environ(), writeVariable+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, until := bufio.NewScanner(out), 1+rand.IntN(60)
		for told := 0; told < until && lines.Scan(); told++ {
			stored++
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // told before it died
			if _, err := strconv.Atoi(lines.Text()); err == nil {
				stored++
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the process ended by itself")
		}
		whole(t, path)
		s, err := store.Open(t.Context(), store.Options{Dialect: "sqlite3", Path: path})
		if err != nil {
			t.Fatalf("after kill %d: %v", round+1, err)
		}
		rows, err := s.AuditPage(t.Context(), 0, 10_000)
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		// The last line of each life may have been stored and not told.
		if len(rows) < stored || len(rows) > stored+round+1 {
			t.Fatalf("after kill %d: %d lines are there, %d were told", round+1, len(rows), stored)
		}
	}
}

// whole has SQLite read everything.
func whole(t *testing.T, path string) {
	t.Helper()
	db := raw(t, path)
	var word string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&word); err != nil || word != "ok" {
		t.Fatal(word, err)
	}
}

func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestFullDiskStopsWritesUntilThereIsRoom(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Fatalf("mount a small disk, which needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "seed.sqlite")
	s, err := store.Open(t.Context(), store.Options{Dialect: "sqlite3", Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	seed, err := s.CreateSeed(t.Context(), agent.Fence{}, storetest.NewSeed("t", "s"), nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	stored := 0
	for err == nil {
		if err = s.Audit(t.Context(), agent.AuditEntry{Type: "x", Message: strings.Repeat("long ", 2000)}); err == nil {
			stored++
		}
		if stored > 1000 {
			t.Fatal("the disk is never full")
		}
	}
	if !strings.Contains(err.Error(), "disk that holds the SQLite database is full; make room") {
		t.Fatal(err)
	}
	moved := *seed
	moved.Attempt++
	if _, err := s.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: moved, Rows: []agent.StageState{{Stage: moved.Stage, Host: "t", Details: strings.Repeat("x", 1<<20)}}}); err == nil {
		t.Fatal("a transition was stored on the full disk")
	}
	if err := s.Ping(t.Context()); err != nil && !strings.Contains(err.Error(), "full") {
		t.Error(err)
	}
	if again, err := s.Seed(t.Context(), seed.ID); err != nil || again.Version != seed.Version || again.Attempt != seed.Attempt {
		t.Fatalf("read on the full disk: %+v, %v", again, err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: moved}); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	rows, err := s.AuditPage(t.Context(), 0, 10_000)
	if err != nil || len(rows) != stored+1 {
		t.Fatalf("%d lines, told %d, %v", len(rows), stored+1, err)
	}
	whole(t, path)
}

// fill takes all the room of a disk but a few blocks.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

func TestWriterWaitsForSomebodyElsesLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seed.sqlite")
	s := openSQLite(t, path)
	conn, err := raw(t, path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Audit(t.Context(), agent.AuditEntry{Type: "x"}) }()
	select {
	case err := <-done:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if _, err := conn.ExecContext(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestLogStaysSmallWhileReadersComeAndGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seed.sqlite")
	s := openSQLite(t, path)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := s.AuditPage(t.Context(), 0, 2); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	size := func() int64 {
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	write := func() {
		if err := s.Audit(t.Context(), agent.AuditEntry{Type: "x", Message: strings.Repeat("y", 500_000)}); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(time.Minute)
	for size() <= 16<<20 {
		write()
	}
	for size() > 16<<20 { // the readers go on
		write()
		if time.Now().After(deadline) {
			t.Fatalf("the write-ahead log is %d MiB long", size()>>20)
		}
	}
	close(stop)
	readers.Wait()
}
