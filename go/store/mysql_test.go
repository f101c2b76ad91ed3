package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
	"github.com/orchestrator-seed/orchestrator-seed/go/store/storetest"
)

// backend is a server with a database for each test.
type backend struct {
	server *sandbox.Server
	made   atomic.Int32
}

func (b *backend) newDatabase(t testing.TB) store.Options {
	t.Helper()
	name := fmt.Sprintf("seed_%d", b.made.Add(1))
	db := b.server.Open("")
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return store.Options{Dialect: "mysql", MySQL: store.MySQL{Host: b.server.Host, Port: b.server.Port, Database: name,
		User: sandbox.AdminUser, Password: b.server.Passwords.Admin}}
}

func open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
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

func TestMariaDBPassesTheSuite(t *testing.T) { onServer(t, sandbox.MariaDB) }

func TestMySQLPassesTheSuite(t *testing.T) { onServer(t, sandbox.MySQL97) }

func onServer(t *testing.T, kind sandbox.Kind) {
	b := &backend{server: sandbox.StartT(t, sandbox.Options{Kind: kind, Passwords: sandbox.AwkwardPasswords()})}
	storetest.Run(t, func(t *testing.T) storetest.Backend { return open(t, b.newDatabase(t)) })
	t.Run("TwoNodesMigrateAtOnce", func(t *testing.T) { testTwoNodesMigrate(t, b) })
	t.Run("StartsOnTwoNodesForOneTargetMakeOneSeed", func(t *testing.T) { testTwoNodesStart(t, b) })
	t.Run("TakeOverWaitsForAWriteAndFencesTheNext", func(t *testing.T) { testTakeOver(t, b) })
	t.Run("SecondProcessUnderTheSameNodeNameDoesNotLead", func(t *testing.T) { testSameName(t, b) })
	t.Run("SessionAndServerSettingsDoNotMatter", func(t *testing.T) { testSettings(t, b) })
	t.Run("WrongAccountAndDatabaseAreNamedAtOnce", func(t *testing.T) { testWrongAccount(t, b) })
	t.Run("OpenWaitsForAServerThatStartsLater", func(t *testing.T) { testLateServer(t, b) })
}

func testTwoNodesMigrate(t *testing.T, b *backend) {
	o := b.newDatabase(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := store.Open(t.Context(), o)
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(s.Ping(t.Context()), s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func testTwoNodesStart(t *testing.T, b *backend) {
	o := b.newDatabase(t)
	nodes := []*store.Store{open(t, o), open(t, o)}
	for round := range 10 {
		var wg sync.WaitGroup
		var made atomic.Int32
		for i, node := range nodes {
			wg.Go(func() {
				seed := storetest.NewSeed(fmt.Sprint("tgt", round), fmt.Sprint("src", round, i))
				_, err := node.CreateSeed(t.Context(), agent.Fence{}, seed, nil, agent.AuditEntry{Type: "agent-seed"}, nil, 0, 1)
				if err == nil {
					made.Add(1)
				} else if !errors.Is(err, agent.ErrRefused) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made.Load() != 1 {
			t.Fatalf("round %d: %d seeds were made", round, made.Load())
		}
	}
}

// A writer under the old term is stopped in its transaction, after the fence was checked: the take-over has to wait.
func testTakeOver(t *testing.T, b *backend) {
	o := b.newDatabase(t)
	old, other := open(t, o), open(t, o)
	seed, err := old.CreateSeed(t.Context(), agent.Fence{}, storetest.NewSeed("tgt", "src"), nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	term, _, err := old.AcquireLease(t.Context(), "old", 500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	// Holding the seed's row stops the writer between its check of the fence and its commit.
	db := b.server.Open(o.MySQL.Database)
	defer db.Close()
	block, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := block.ExecContext(t.Context(), "SELECT * FROM agent_seed FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() {
		moved, err := old.Transition(context.Background(), agent.Fence{Term: term}, agent.Transition{Seed: *seed})
		if err == nil {
			seed = moved
		}
		written <- err
	}()
	waitForLockWait(t, b, 1)
	taken := make(chan int64, 1)
	go func() {
		for {
			next, ok, err := other.AcquireLease(context.Background(), "other", time.Hour)
			if err != nil {
				t.Error(err)
			}
			if err != nil || ok {
				taken <- next
				return
			}
		}
	}()
	waitForLockWait(t, b, 2)
	select {
	case next := <-taken:
		t.Fatalf("term %d was taken while a write of term %d was on its way", next, term)
	default:
	}
	if err := block.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-written; err != nil {
		t.Fatalf("write that began before the take-over: %v", err)
	}
	if next := <-taken; next <= term {
		t.Fatalf("term %d after %d", next, term)
	}
	_, err = old.Transition(t.Context(), agent.Fence{Term: term}, agent.Transition{Seed: *seed})
	if !errors.Is(err, agent.ErrFenced) {
		t.Fatalf("write after the take-over: %v", err)
	}
}

// waitForLockWait looks five times a second: InnoDB does not renew a view that is read more often than ten times.
func waitForLockWait(t *testing.T, b *backend, n int) {
	t.Helper()
	db := b.server.Open("")
	defer db.Close()
	ticks := time.NewTicker(200 * time.Millisecond)
	defer ticks.Stop()
	var waiting int
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-ticks.C {
		err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'").Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		if waiting >= n {
			return
		}
	}
	t.Fatalf("%d transactions wait for a lock, not %d", waiting, n)
}

func testSameName(t *testing.T, b *backend) {
	o := b.newDatabase(t)
	one, two := open(t, o), open(t, o)
	_, first, err := one.AcquireLease(t.Context(), "node", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := two.AcquireLease(t.Context(), "node", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if !first || second {
		t.Fatalf("first leads: %t, second leads: %t", first, second)
	}
}

// Another time zone and a lax mode on the server change nothing of what is stored, refused and compared.
func testSettings(t *testing.T, b *backend) {
	db := b.server.Open("")
	defer db.Close()
	for _, set := range []string{"SET GLOBAL time_zone = '-05:00'", "SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'"} {
		if _, err := db.ExecContext(t.Context(), set); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		for _, set := range []string{"SET GLOBAL time_zone = DEFAULT", "SET GLOBAL sql_mode = DEFAULT"} {
			if _, err := db.ExecContext(context.Background(), set); err != nil {
				t.Error(err)
			}
		}
	}()
	s := open(t, b.newDatabase(t))
	seed := storetest.NewSeed("tgt", "src")
	seed.Problem.Text = `it's a \ and a "`
	made, err := s.CreateSeed(t.Context(), agent.Fence{}, seed, nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	read, err := s.Seed(t.Context(), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !read.StartedAt.Equal(storetest.T0) || read.Problem.Text != seed.Problem.Text {
		t.Fatalf("read %+v", read)
	}
	seed = storetest.NewSeed(strings.Repeat("x", 256), "src2")
	if _, err := s.CreateSeed(t.Context(), agent.Fence{}, seed, nil, agent.AuditEntry{Type: "x"}, nil, 0, 0); err == nil {
		t.Fatal("a host name was cut off silently")
	}
	read.Status = agentapi.Running
	if _, err := s.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: *read}); err != nil {
		t.Fatal(err)
	}
}

func testWrongAccount(t *testing.T, b *backend) {
	o := b.newDatabase(t)
	account, database := o, o
	account.MySQL.Password = "no such secret"
	database.MySQL.Database = "nosuch"
	for word, o := range map[string]store.Options{"account " + sandbox.AdminUser: account, "CREATE DATABASE": database} {
		_, err := store.Open(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), o.MySQL.Password) {
			t.Fatalf("got %v", err)
		}
	}
}

func testLateServer(t *testing.T, b *backend) {
	o := b.newDatabase(t)
	if err := b.server.Kill(); err != nil {
		t.Fatal(err)
	}
	hasty := o
	hasty.MySQL.Patience = 100 * time.Millisecond
	if _, err := store.Open(t.Context(), hasty); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Fatalf("got %v", err)
	}
	opened := make(chan error, 1)
	go func() {
		s, err := store.Open(context.Background(), o)
		if err == nil {
			err = errors.Join(s.Ping(context.Background()), s.Close())
		}
		opened <- err
	}()
	if err := b.server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
}
