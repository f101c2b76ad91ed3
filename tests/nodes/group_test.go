package nodes

import (
	"syscall"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// failedOver is how long a replicated backend may take to have another primary, and the service to use it: the group's own
// detection takes 5 s of it.
const failedOver = 30 * time.Second

// groupWorld is a world whose backend is a replication group of three.
type groupWorld struct {
	*world
	group *sandbox.Group
}

func startOnGroup(t *testing.T, count int) *groupWorld {
	t.Helper()
	g := sandbox.StartGroupT(t, sandbox.GroupOptions{Extra: []string{
		"group_replication_consistency=BEFORE_ON_PRIMARY_FAILOVER",
		"group_replication_unreachable_majority_timeout=5",
		"group_replication_member_expel_timeout=0",
		"group_replication_exit_state_action=OFFLINE_MODE",
	}})
	return &groupWorld{world: start(t, count, slow, backendOn(t, g.Members[0], g.Addresses()), nil), group: g}
}

// TestSeedOutlivesTheBackendsPrimary does it all to one seed: its Backup goes on meanwhile.
func TestSeedOutlivesTheBackendsPrimary(t *testing.T) {
	t.Parallel()
	w := startOnGroup(t, 2)
	id := w.seed(w.follower())
	w.primaryKilled(id)
	if *all {
		w.memberAway(id)
		w.primaryPaused(id)
		killed := w.leaderKilled(id) // of the service, on the new primary
		w.must(killed.Start())
		w.must(killed.Healthy(w.ctx))
		w.backendAway(id, time.Minute)
	}
	w.lift(id)
	w.completed(id)
}

func (w *groupWorld) primary() *sandbox.Server {
	w.t.Helper()
	var p *sandbox.Server
	w.must(fleet.Until(w.ctx, time.Minute, func() (err error) {
		p, err = w.group.Primary(w.ctx)
		return err
	}))
	return p
}

// goesOn measures how long the seed was not stepped after the fault, and how much of that the group took for itself.
func (w *groupWorld) goesOn(what string, id int64, began time.Time) {
	w.t.Helper()
	w.primary()
	elected := time.Since(began)
	w.t.Logf("%s: the group has another primary after %s", what, round(elected))
	var by *fleet.Service
	for _, s := range w.All {
		if s.Pid() != 0 {
			by = s
		}
	}
	w.below(what+": the seed is stepped on it", w.stepped(by, id, began), elected+failedOver)
}

func (w *groupWorld) primaryKilled(id int64) {
	w.t.Helper()
	p, began := w.primary(), time.Now()
	w.must(p.Kill())
	w.goesOn("primary killed", id, began)
	w.must(w.group.Rejoin(w.ctx, p))
}

// memberAway has nobody notice.
func (w *groupWorld) memberAway(id int64) {
	w.t.Helper()
	primary := w.primary()
	for _, m := range w.group.Members {
		if m == primary {
			continue
		}
		began := time.Now()
		w.must(m.Kill())
		w.below("a secondary killed: the seed is stepped", w.stepped(w.leader(), id, began), failedOver)
		w.must(w.group.Rejoin(w.ctx, m))
		return
	}
}

// primaryPaused has the old primary come back after another was elected: what it was asked to commit is nowhere.
func (w *groupWorld) primaryPaused(id int64) {
	w.t.Helper()
	p, began := w.primary(), time.Now()
	w.must(syscall.Kill(p.Pid(), syscall.SIGSTOP))
	defer func() { _ = syscall.Kill(p.Pid(), syscall.SIGCONT) }()
	w.goesOn("primary paused", id, began)
	w.must(syscall.Kill(p.Pid(), syscall.SIGCONT))
	w.stepped(w.leader(), id, time.Now())
	w.must(w.group.Rejoin(w.ctx, p))
}

// backendAway stops every member's process.
func (w *groupWorld) backendAway(id int64, long time.Duration) {
	w.t.Helper()
	for _, m := range w.group.Members {
		w.must(syscall.Kill(m.Pid(), syscall.SIGSTOP))
	}
	<-time.After(long)
	began := time.Now()
	for _, m := range w.group.Members {
		w.must(syscall.Kill(m.Pid(), syscall.SIGCONT))
	}
	w.goesOn("whole backend away for "+long.String(), id, began)
}
