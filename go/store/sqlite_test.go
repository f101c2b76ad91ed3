package store_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
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

func TestSuitesCoreNeedsNoMoreThanACore(t *testing.T) {
	storetest.RunCore(t, func(t *testing.T) storetest.Core {
		return openSQLite(t, filepath.Join(t.TempDir(), "seed.sqlite"))
	})
}

func TestSecondProcessOnTheSameFileIsRefusedUntilTheFirstIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seed.sqlite")
	first := holdInProcess(t, path)
	_, err := store.Open(t.Context(), store.Options{Dialect: "sqlite3", Path: path})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by another process (process %d", first.Process.Pid)) {
		t.Fatalf("got %v", err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Options{Dialect: "sqlite3", Path: link}); err == nil {
		t.Fatal("a symbolic link to the file is no other file")
	}
	if err := first.Process.Kill(); err != nil { // SIGKILL
		t.Fatal(err)
	}
	if err := first.Wait(); err == nil {
		t.Fatal("the process ended by itself")
	}
	s := openSQLite(t, path)
	seeds, err := s.Seeds(t.Context(), agent.SeedFilter{})
	if err != nil || len(seeds) != 1 {
		t.Fatalf("what the killed process had stored: %v, %v", seeds, err)
	}
	term, ok, err := s.AcquireLease(t.Context(), "node", time.Hour)
	if err != nil || !ok || term != 2 {
		t.Fatalf("the killed process's lease stands in the way: term %d, %t, %v", term, ok, err)
	}
}

const holdVariable = "ORCHESTRATOR_SEED_TEST_HOLD"

// holdInProcess starts this test program again, to open the file, store a seed and wait.
func holdInProcess(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHold$")
	cmd.Env = append(os.Environ(), holdVariable+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe() // held open as long as the process shall wait
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the process said %q, %v", line, err)
	}
	return cmd
}

// TestHold is the other process; on its own it only shows that nobody asked for it.
func TestHold(t *testing.T) {
	path := os.Getenv(holdVariable)
	if path == "" {
		return
	}
	s := openSQLite(t, path)
	_, err := s.CreateSeed(t.Context(), agent.Fence{}, storetest.NewSeed("tgt", "src"), nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.AcquireLease(t.Context(), "node", time.Hour); err != nil || !ok {
		t.Fatal(ok, err)
	}
	fmt.Println("held")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		t.Fatal(err)
	}
}

func TestFileIsOpenedAgainAfterClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%20.sqlite")
	for range 2 {
		s, err := store.Open(t.Context(), store.Options{Dialect: "sqlite3", Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Fatalf("the file, with tokens in it, has mode %s", info.Mode())
	}
}

func TestWrongOptionsAreRefusedWithASentence(t *testing.T) {
	for word, o := range map[string]store.Options{
		"unknown BackendDB":       {Dialect: "postgres"},
		"SQLite3DataFile":         {Dialect: "sqlite3"},
		"folder of the database":  {Dialect: "sqlite3", Path: filepath.Join(t.TempDir(), "missing", "x.sqlite")},
		"MySQLOrchestratorHost":   {Dialect: "mysql"},
		"file is not a database":  {Dialect: "sqlite3", Path: textFile(t)},
		"MySQLOrchestratorUser m": {Dialect: "mysql", MySQL: store.MySQL{Host: "127.0.0.1", Database: "x"}},
	} {
		_, err := store.Open(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: got %v", word, err)
		}
	}
}

func textFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
