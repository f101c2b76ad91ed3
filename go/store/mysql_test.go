package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	// Nothing here cuts the power: what the kernel has survives every kill, and making 50 schemas is many syncs.
	b := &backend{server: sandbox.StartT(t, sandbox.Options{Kind: kind, Passwords: sandbox.AwkwardPasswords(),
		Extra: []string{"sync_binlog=0", "innodb_flush_method=nosync"}})}
	storetest.Run(t, func(t *testing.T) storetest.Backend { return open(t, b.newDatabase(t)) })
	t.Run("TwoNodesMigrateAtOnce", func(t *testing.T) { testTwoNodesMigrate(t, b) })
	t.Run("StartsOnTwoNodesForOneTargetMakeOneSeed", func(t *testing.T) { testTwoNodesStart(t, b) })
	t.Run("EverythingAtOnceOnTwoNodes", func(t *testing.T) { testEverythingAtOnce(t, b) })
	t.Run("TakeOverWaitsForAWriteAndFencesTheNext", func(t *testing.T) { testTakeOver(t, b) })
	t.Run("LostAnswerToACommitOfManyIsFoundOutForEach", func(t *testing.T) { testLostAnswerOfMany(t, b) })
	t.Run("SecondProcessUnderTheSameNodeNameDoesNotLead", func(t *testing.T) { testSameName(t, b) })
	t.Run("SessionAndServerSettingsDoNotMatter", func(t *testing.T) { testSettings(t, b) })
	t.Run("WrongAccountAndDatabaseAreNamedAtOnce", func(t *testing.T) { testWrongAccount(t, b) })
	t.Run("AnswerToACommitThatIsLostIsFoundOut", func(t *testing.T) { testLostAnswers(t, b) })
	t.Run("PausedNodeHoldsNobodyUp", func(t *testing.T) { testPausedNode(t, b) })
	t.Run("ServerKilledBetweenWritesLosesNoneAndHalvesNone", func(t *testing.T) { testServerKilled(t, b) })
	t.Run("OpenWaitsForAServerThatStartsLater", func(t *testing.T) { testLateServer(t, b) })
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

// Each write is one version, one history row and one line of audit; a killed server has all three or none, and every one
// that was answered.
func testServerKilled(t *testing.T, b *backend) {
	s := open(t, b.newDatabase(t))
	seed, err := s.CreateSeed(t.Context(), agent.Fence{}, storetest.NewSeed("tgt", "src"), nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	written := make(chan int64)
	go func() {
		defer close(written)
		for seed := *seed; ; {
			moved, err := s.Transition(context.Background(), agent.Fence{}, agent.Transition{Seed: seed, Audit: []agent.AuditEntry{{Type: "x"}},
				Rows: []agent.StageState{{Stage: seed.Stage, Host: "tgt", Status: agentapi.Running, Details: fmt.Sprint(seed.Version)}}})
			if err != nil {
				return // the server is gone
			}
			seed = *moved
			written <- seed.Version
		}
	}()
	answered := seed.Version
	for answered < 30 {
		answered = <-written
	}
	if err := b.server.Kill(); err != nil {
		t.Fatal(err)
	}
	for version := range written {
		answered = version
	}
	if err := b.server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	read, err := s.Seed(t.Context(), seed.ID)
	if err != nil {
		t.Fatal(err)
	}
	states, err := s.SeedStates(t.Context(), seed.ID)
	if err != nil {
		t.Fatal(err)
	}
	audit, err := s.AuditPage(t.Context(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if read.Version < answered || int64(len(states)) != read.Version-1 || int64(len(audit)) != read.Version {
		t.Fatalf("version %d, answered %d, %d history rows, %d lines of audit", read.Version, answered, len(states), len(audit))
	}
}
