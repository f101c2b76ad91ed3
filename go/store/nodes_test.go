package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
	"github.com/orchestrator-seed/orchestrator-seed/go/store/storetest"
)

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

// Everything that locks, at once on two nodes: nothing but refusals and conflicts comes out, and no deadlock.
func testEverythingAtOnce(t *testing.T, b *backend) {
	o := b.newDatabase(t)
	nodes := []*store.Store{open(t, o), open(t, o)}
	var wg sync.WaitGroup
	for i := range 8 {
		node := nodes[i%2]
		wg.Go(func() {
			for round := range 25 {
				if err := lockEverything(t.Context(), node, i, round); err != nil {
					t.Errorf("node %d, round %d: %v", i, round, err)
					return
				}
			}
		})
	}
	wg.Wait()
	active, err := nodes[0].Seeds(t.Context(), agent.SeedFilter{ActiveOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, s := range active {
		if targets[s.TargetHost] {
			t.Errorf("two active seeds of %s", s.TargetHost)
		}
		targets[s.TargetHost] = true
	}
}

func lockEverything(ctx context.Context, s *store.Store, i, round int) error {
	term, ok, err := s.AcquireLease(ctx, fmt.Sprint("node", i%2), time.Duration(1+round%3)*10*time.Millisecond)
	if err != nil {
		return err
	}
	var fence agent.Fence // nodes without the lease write unfenced here, to be in the way
	if ok {
		fence.Term = term
	}
	host := storetest.NewHost(fmt.Sprint("tgt", round%3))
	if err := s.SaveHost(ctx, host); err != nil {
		return err
	}
	seed, err := s.CreateSeed(ctx, fence, storetest.NewSeed(host.Info.Hostname, "src"), nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
	for _, status := range []agent.Status{agentapi.Running, agentapi.Failed, agentapi.Scheduled, agentapi.Failed} {
		if err != nil {
			break
		}
		next := *seed
		next.Status, next.EndedAt = status, storetest.T0
		seed, err = s.Transition(ctx, agent.Fence{}, agent.Transition{Seed: next, EndDowntime: true,
			Rows: []agent.StageState{{Stage: next.Stage, Host: "tgt", Status: status, Attempt: 1}}})
	}
	if err != nil && !errors.Is(err, agent.ErrRefused) && !errors.Is(err, agent.ErrConflict) && !errors.Is(err, agent.ErrFenced) {
		return err
	}
	_, err = s.ForgetHosts(ctx, storetest.T0.Add(time.Hour))
	return errors.Join(err, s.Purge(ctx, storetest.T0.Add(time.Hour), storetest.T0.Add(time.Hour)))
}

// A node that stops in the middle of a write keeps the lease's row locked for moments only, and its write is gone.
func testPausedNode(t *testing.T, b *backend) {
	o := b.newDatabase(t)
	other := open(t, o)
	paused := open(t, o)
	term, _, err := paused.AcquireLease(t.Context(), "paused", 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	tx := store.BeginAsPaused(t, paused, term)
	began := time.Now()
	for {
		next, ok, err := other.AcquireLease(t.Context(), "other", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if ok && next > term {
			break
		}
	}
	if took := time.Since(began); took > store.SessionIdle+3*time.Second {
		t.Errorf("the lease was free after %s", took)
	}
	if err := tx.Commit(); err == nil {
		t.Error("the node that was paused could go on in its transaction")
	}
}
