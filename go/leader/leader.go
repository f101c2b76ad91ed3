package leader

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// Store is the backend's part; each call is one transaction there, and may be repeated.
type Store interface {
	// AcquireLease takes or prolongs the lease until ttl from now by the database's clock; ok is false when another has it.
	AcquireLease(ctx context.Context, node string, ttl time.Duration) (term int64, ok bool, err error)
	// ReleaseLease ends the lease of that term, if node has it.
	ReleaseLease(ctx context.Context, node string, term int64) error
	// CurrentLease says who had the lease last, and whether it still holds.
	CurrentLease(ctx context.Context) (node string, term int64, live bool, err error)
}

// Options of a Leader. Store and Node are required.
type Options struct {
	Store Store
	Node  string        // this node's name, as people know it
	TTL   time.Duration // how long a dead leader is waited for; default 6 s
	Clock agent.Clock   // default: the system's; its times must carry the monotonic clock
	Log   *slog.Logger
	// Changed, if not nil, is called by Run when this node becomes the leader or stops being it; it must not block.
	Changed func(f agent.Fence, leading bool)
}

// Leader is this node's view of the lease. Its methods may be called from many goroutines.
type Leader struct {
	o Options

	mu      sync.Mutex
	term    int64     // of our lease
	until   time.Time // when we stop believing in it; zero when we have none
	current State
}

// State is what is known of the lease.
type State struct {
	Node string // who holds it; "" when nobody does
	Term int64
	// Problem is why the backend could not be asked; nil when it could.
	Problem error
}

var _ agent.Leader = (*Leader)(nil)

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

// New returns a Leader that does not lead yet; Run makes it try.
func New(o Options) (*Leader, error) {
	if o.Store == nil || o.Node == "" {
		return nil, errors.New("leader: store and node name are required")
	}
	if o.TTL == 0 {
		o.TTL = 6 * time.Second
	}
	if o.Clock == nil {
		o.Clock = systemClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Leader{o: o}, nil
}

// Leading implements agent.Leader: whether this node leads now, and the fence to write with. It asks nobody.
func (l *Leader) Leading() (agent.Fence, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until.IsZero() || !l.o.Clock.Now().Before(l.until) {
		return agent.Fence{}, false
	}
	return agent.Fence{Term: l.term}, true
}

// Current is who leads, as of Run's last look (a third of the TTL ago at most, while the backend answers).
func (l *Leader) Current() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}

// Run tries to get the lease and keeps it until ctx ends; then it gives it back. Callers stop writing first. It may be called
// again after it returned.
func (l *Leader) Run(ctx context.Context) {
	look := time.NewTimer(0)
	defer look.Stop()
	for led := false; ; {
		select {
		case <-ctx.Done():
			l.stop(ctx, led)
			return
		case <-look.C:
			l.look(ctx)
			led = l.tell(led)
			look.Reset(l.pause(led))
		case <-l.lapse(led):
			led = l.tell(led)
		}
	}
}

// pause is the time between two looks: the holder prolongs its lease, the others read whether it is free, which costs less.
func (l *Leader) pause(led bool) time.Duration {
	if led {
		return l.o.TTL / 3
	}
	return l.o.TTL / 12
}

// lapse fires when the belief ends, so that Changed is told in time; never when there is none.
func (l *Leader) lapse(led bool) <-chan time.Time {
	if !led {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.After(l.until.Sub(l.o.Clock.Now()))
}

// look asks the backend once. An answer that takes longer than the lease is of no use to anyone.
func (l *Leader) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, l.o.TTL)
	defer cancel()
	if _, leading := l.Leading(); !leading && l.heldByAnother(ctx) {
		return
	}
	sent := l.o.Clock.Now()
	term, ok, err := l.o.Store.AcquireLease(ctx, l.o.Node, l.o.TTL)
	switch {
	case err != nil:
		l.note(State{Node: l.Current().Node, Term: l.Current().Term, Problem: err})
	case ok:
		l.hold(term, sent)
	default:
		l.lose()
		l.readCurrent(ctx)
	}
}

// heldByAnother reads without a lock whether there is anything to acquire. A name is not enough to know one's own lease by;
// a holder of the same name is asked for it, and the store tells.
func (l *Leader) heldByAnother(ctx context.Context) bool {
	node, term, live, err := l.o.Store.CurrentLease(ctx)
	if err != nil || !live || node == l.o.Node {
		return false
	}
	l.lose()
	l.note(State{Node: node, Term: term})
	return true
}

func (l *Leader) readCurrent(ctx context.Context) {
	node, term, live, err := l.o.Store.CurrentLease(ctx)
	if !live {
		node = ""
	}
	l.note(State{Node: node, Term: term, Problem: err})
}

// hold believes in a lease that was asked for at sent.
func (l *Leader) hold(term int64, sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.term = term
	l.until = sent.Add(l.o.TTL - l.o.TTL/20)
	l.current = State{Node: l.o.Node, Term: term}
}

func (l *Leader) lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = time.Time{}
}

func (l *Leader) note(s State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.Problem != nil && l.current.Problem == nil {
		l.o.Log.Warn("the leader's lease can't be read", slog.Any("error", s.Problem))
	}
	l.current = s
}

// tell reports a change against what was reported last, and returns what is true now.
func (l *Leader) tell(led bool) bool {
	fence, leading := l.Leading()
	if leading == led {
		return led
	}
	if leading {
		l.o.Log.Info("this node leads", slog.String("node", l.o.Node), slog.Int64("term", fence.Term))
	} else {
		l.o.Log.Warn("this node does not lead any more", slog.String("node", l.o.Node))
	}
	if l.o.Changed != nil {
		l.o.Changed(fence, leading)
	}
	return leading
}

// stop gives the lease back, also one that a cancelled request may have taken.
func (l *Leader) stop(ctx context.Context, led bool) {
	l.lose()
	l.tell(led)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.o.TTL)
	defer cancel()
	node, term, live, err := l.o.Store.CurrentLease(ctx)
	if err == nil && live && node == l.o.Node {
		err = l.o.Store.ReleaseLease(ctx, node, term)
	}
	if err != nil {
		l.o.Log.Warn("the lease was not given back; others wait until it runs out", slog.Any("error", err))
	}
}
