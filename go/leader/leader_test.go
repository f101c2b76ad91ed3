package leader

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// fakeLease is a lease in memory, by the bubble's clock; its answers can be held up and refused.
type fakeLease struct {
	mu      sync.Mutex
	node    string
	term    int64
	expires time.Time
	err     error
	delay   time.Duration // between the lease being set and the answer
}

func (f *fakeLease) set(err error, delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err, f.delay = err, delay
}

func (f *fakeLease) AcquireLease(ctx context.Context, node string, ttl time.Duration) (int64, bool, error) {
	term, ok, delay, err := f.acquire(node, ttl)
	select {
	case <-ctx.Done():
		return 0, false, ctx.Err()
	case <-time.After(delay):
		return term, ok, err
	}
}

func (f *fakeLease) acquire(node string, ttl time.Duration) (int64, bool, time.Duration, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	live := time.Now().Before(f.expires)
	if f.err != nil || live && f.node != node {
		return 0, false, f.delay, f.err
	}
	if !live {
		f.term++
	}
	f.node, f.expires = node, time.Now().Add(ttl)
	return f.term, true, f.delay, nil
}

func (f *fakeLease) ReleaseLease(_ context.Context, node string, term int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.node == node && f.term == term {
		f.expires = time.Time{}
	}
	return f.err
}

func (f *fakeLease) CurrentLease(context.Context) (string, int64, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.node, f.term, time.Now().Before(f.expires), f.err
}

// run starts a Leader; the returned function ends it and waits.
func run(t *testing.T, o Options) (l *Leader, stop func()) {
	t.Helper()
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Run(ctx)
	}()
	return l, func() {
		cancel()
		<-done
	}
}

func wantLeading(t *testing.T, l *Leader, term int64) {
	t.Helper()
	fence, leading := l.Leading()
	if leading != (term > 0) || fence.Term != term {
		t.Fatalf("leads: %t, term %d; want term %d", leading, fence.Term, term)
	}
}

func TestLeaderKeepsItsLeaseAndHandsItOverAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lease := &fakeLease{}
		a, stopA := run(t, Options{Store: lease, Node: "a"})
		synctest.Wait()
		wantLeading(t, a, 1)
		b, stopB := run(t, Options{Store: lease, Node: "b"})
		time.Sleep(time.Hour) // the bubble's
		synctest.Wait()
		wantLeading(t, a, 1)
		wantLeading(t, b, 0)
		if c := b.Current(); c.Node != "a" || c.Term != 1 || c.Problem != nil {
			t.Fatalf("b sees %+v", c)
		}
		stopA()
		wantLeading(t, a, 0)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		wantLeading(t, b, 2)
		stopB()
	})
}

func TestLeaderStopsBelievingBeforeTheLeaseIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lease := &fakeLease{}
		var told []bool
		var mu sync.Mutex
		a, stop := run(t, Options{Store: lease, Node: "a", Changed: func(_ agent.Fence, leading bool) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, leading)
		}})
		defer stop()
		synctest.Wait()
		away := errors.New("database is away")
		lease.set(away, 0)
		for believing := true; believing; _, believing = a.Leading() {
			if _, _, live, _ := lease.CurrentLease(t.Context()); !live {
				t.Fatal("the lease is over, and a still believes")
			}
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
		}
		if _, _, live, _ := lease.CurrentLease(t.Context()); !live {
			t.Fatal("a believed to the very end")
		}
		if c := a.Current(); !errors.Is(c.Problem, away) {
			t.Fatalf("a sees %+v", c)
		}
		lease.set(nil, 0)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if _, leading := a.Leading(); !leading {
			t.Fatal("a does not lead after the database came back")
		}
		mu.Lock()
		defer mu.Unlock()
		if len(told) != 3 || !told[0] || told[1] || !told[2] {
			t.Fatalf("told %v", told)
		}
	})
}

func TestAnswerThatComesLateIsCountedFromItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lease := &fakeLease{}
		lease.set(nil, 5500*time.Millisecond)
		a, stop := run(t, Options{Store: lease, Node: "a"})
		defer stop()
		time.Sleep(5600 * time.Millisecond)
		synctest.Wait()
		wantLeading(t, a, 1) // 5.6 s after the request, of 6 less the margin
		lease.set(errors.New("away"), 0)
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		wantLeading(t, a, 0)
	})
}

func TestPausedNodeFindsThatItDoesNotLeadAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lease := &fakeLease{}
		a, err := New(Options{Store: lease, Node: "a"})
		if err != nil {
			t.Fatal(err)
		}
		a.look(t.Context()) // and then nothing: the process is paused
		time.Sleep(7 * time.Second)
		b, stop := run(t, Options{Store: lease, Node: "b"})
		defer stop()
		synctest.Wait()
		wantLeading(t, a, 0)
		wantLeading(t, b, 2)
	})
}
