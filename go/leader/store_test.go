package leader_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/leader"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
	"github.com/orchestrator-seed/orchestrator-seed/go/store/storetest"
)

const ttl = 900 * time.Millisecond

func open(t *testing.T, o store.Options) *store.Store {
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

func TestTwoLeadersOnOneSQLiteFile(t *testing.T) {
	s := open(t, store.Options{Dialect: "sqlite3", Path: filepath.Join(t.TempDir(), "seed.sqlite")})
	twoLeaders(t, s, s)
}

func TestTwoLeadersOnOneMariaDB(t *testing.T) {
	server := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB})
	db := server.Open("")
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE seed"); err != nil {
		t.Fatal(err)
	}
	o := store.Options{Dialect: "mysql", MySQL: store.MySQL{Host: server.Host, Port: server.Port, Database: "seed",
		User: sandbox.AdminUser, Password: server.Passwords.Admin}}
	twoLeaders(t, open(t, o), open(t, o))
}

// node is a Leader that runs.
type node struct {
	*leader.Leader
	store *store.Store
	end   func()
}

func start(t *testing.T, s *store.Store, name string) node {
	t.Helper()
	l, err := leader.New(leader.Options{Store: s, Node: name, TTL: ttl})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx)
	}()
	end := func() {
		cancel()
		<-done
	}
	t.Cleanup(end)
	return node{l, s, end}
}

func twoLeaders(t *testing.T, storeA, storeB *store.Store) {
	a, b := start(t, storeA, "a"), start(t, storeB, "b")
	first, other := a, b
	sandbox.Eventually(t, 10*time.Second, func() error {
		_, aLeads := a.Leading()
		_, bLeads := b.Leading()
		switch {
		case aLeads && bLeads:
			t.Fatal("both lead")
		case bLeads:
			first, other = b, a
		case !aLeads:
			return errors.New("nobody leads")
		}
		return nil
	})
	fence, _ := first.Leading()
	seed, err := first.store.CreateSeed(t.Context(), fence, storetest.NewSeed("tgt", "src"), nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
	if err != nil {
		t.Fatal(err)
	}

	began := time.Now()
	first.end() // as SIGTERM does
	var next agent.Fence
	sandbox.Eventually(t, 10*time.Second, func() (err error) {
		var leads bool
		if next, leads = other.Leading(); !leads {
			err = errors.New("the other does not lead")
		}
		return err
	})
	if took := time.Since(began); took > ttl {
		t.Errorf("handing over took %s, the lease is %s", took, ttl)
	}
	if next.Term != fence.Term+1 {
		t.Fatalf("term %d after %d", next.Term, fence.Term)
	}
	_, err = first.store.Transition(t.Context(), fence, agent.Transition{Seed: *seed})
	if !errors.Is(err, agent.ErrFenced) {
		t.Fatalf("write of the old term: %v", err)
	}
	if _, err = other.store.Transition(t.Context(), next, agent.Transition{Seed: *seed}); err != nil {
		t.Fatal(err)
	}
	if c := other.Current(); c.Term != next.Term || c.Node == "" {
		t.Fatalf("current is %+v", c)
	}
}
