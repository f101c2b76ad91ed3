package nodes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// Promises: a dead or paused leader is replaced within 10 s; SIGTERM hands over within 2 s; a follower's request has taken
// effect on the leader within 1 s, and the rest is the agents'.
const (
	replaced   = 10 * time.Second
	handedOver = 2 * time.Second
)

// effect is how long a follower's answer may take. Below 5 s it is the leader's doing: after that the follower answers by
// itself. That much is left to a machine that is busy with other tests.
func effect() time.Duration {
	if *all {
		return 2 * time.Second
	}
	return 4500 * time.Millisecond
}

func TestSeedOutlivesItsNodesAndObeysAnyOfThem(t *testing.T) {
	t.Parallel()
	keys, backend := newBackend(t)
	w := start(t, 3, slow, keys, nil) // which migrates the empty database, three times at once
	id := w.startedOnce()
	w.tellsAll(id)

	killed := w.leaderKilled(id)
	w.must(killed.Start())
	w.must(killed.Healthy(w.ctx))
	stopped := w.leaderStopped(id)
	w.must(stopped.Start())
	w.must(stopped.Healthy(w.ctx))
	w.leaderPaused(id)
	w.reportsReachTheLeader(id, backend)
	w.completed(id)

	w.aborted()
	w.heldRetriedReleased()
	w.forced()
}

// startedOnce starts a seed through two nodes at once: one of them refuses.
func (w *world) startedOnce() int64 {
	w.t.Helper()
	followers, err := w.Followers(w.ctx)
	w.must(err)
	var ids []int64
	var refusals []error
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, s := range followers[:2] {
		wg.Go(func() {
			id, took, err := ask(w, s, client.StartSeed(agentapi.Mysqldump, w.Target.Host, w.Source.Host))
			mu.Lock()
			defer mu.Unlock()
			w.t.Logf("start through a follower, its checks included, answered after %s: %v", round(took), err)
			if err != nil {
				refusals = append(refusals, err)
			} else {
				ids = append(ids, id)
			}
		})
	}
	wg.Wait()
	if len(ids) != 1 || len(refusals) != 1 || !strings.Contains(refusals[0].Error(), fmt.Sprint("seed ", ids)[:5]) {
		w.t.Fatalf("made %v, refused %v", ids, refusals)
	}
	w.at(ids[0], agentapi.Backup, agentapi.Running)
	return ids[0]
}

// tellsAll bounds the bandwidth through one follower and hears of it from the other's events.
func (w *world) tellsAll(id int64) {
	w.t.Helper()
	followers, err := w.Followers(w.ctx)
	w.must(err)
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	heard := make(chan time.Time, 1)
	listening := make(chan struct{})
	go func() {
		first := true
		for e, err := range followers[0].Client.Events(ctx, 0) {
			if first {
				close(listening)
				first = false
			}
			if err == nil && strings.Contains(string(e.Data), "Bandwidth: at most 32.5 KiB/s") {
				heard <- time.Now()
				return
			}
		}
	}()
	_, _, err = ask(w, followers[1], client.SeedBandwidth(id, 32768))
	w.must(err)
	<-listening // to that, or to the copy's progress
	began := time.Now()
	_, took, err := ask(w, followers[1], client.SeedBandwidth(id, 33280))
	w.must(err)
	w.below("bandwidth through a follower, confirmed by both agents", took, effect())
	select {
	case at := <-heard:
		w.below("event of it at another follower", at.Sub(began), effect())
	case <-time.After(replyTime):
		w.t.Error("the other follower told nothing of it")
	}
}

func (w *world) leaderKilled(id int64) *fleet.Service {
	w.t.Helper()
	leader, other := w.leader(), w.follower()
	began := time.Now()
	w.must(leader.Kill())
	w.below("leader killed, its seed stepped by another", w.stepped(other, id, began), replaced)
	return leader
}

func (w *world) leaderStopped(id int64) *fleet.Service {
	w.t.Helper()
	leader, other := w.leader(), w.follower()
	was, _, err := ask(w, leader, client.Status())
	w.must(err)
	began := time.Now()
	w.must(leader.Signal(syscall.SIGTERM))
	w.until(func() error {
		s, _, err := ask(w, other, client.Status())
		if err == nil && (s.Leader == "" || s.Leader == was.Node) {
			err = errors.New("the leader that stops leads on")
		}
		return err
	})
	w.below("leader stopped by SIGTERM, another leads", time.Since(began), handedOver)
	w.stepped(other, id, time.Now())
	w.must(leader.Stop())
	return leader
}

// leaderPaused stops the leader's process until another has taken over, and longer; it wakes up into a world that has gone on.
func (w *world) leaderPaused(id int64) {
	w.t.Helper()
	leader, other := w.leader(), w.follower()
	began := time.Now()
	w.must(leader.Signal(syscall.SIGSTOP))
	w.below("leader paused, its seed stepped by another", w.stepped(other, id, began), replaced)
	<-time.After(time.Until(began.Add(*pause)))
	before, err := w.details(other, id)
	w.must(err)
	w.must(leader.Signal(syscall.SIGCONT))
	w.until(func() error {
		s, _, err := ask(w, leader, client.Status())
		if err == nil && (s.IsLeader || s.Leader == "") {
			err = errors.New("the node that was paused does not know that another leads")
		}
		return err
	})
	w.stepped(other, id, time.Now())
	after, err := w.details(leader, id)
	w.must(err)
	if before.Stage != after.Stage || before.Attempt != after.Attempt || after.Status != agentapi.Running {
		w.t.Errorf("the seed was at %s/%s, attempt %d, and is at %s/%s, attempt %d", before.Stage, before.Status, before.Attempt,
			after.Stage, after.Status, after.Attempt)
	}
}

// reportsReachTheLeader: the agents call a node that does not lead, which leaves word for the one that does.
func (w *world) reportsReachTheLeader(id int64, backend *sandbox.Server) {
	w.t.Helper()
	if w.leader() == w.Service {
		stopped := w.leaderStopped(id)
		w.must(stopped.Start())
		w.must(stopped.Healthy(w.ctx))
	}
	db := backend.Open("seed")
	defer db.Close()
	wakes := func() (n int, err error) {
		err = db.QueryRowContext(w.ctx, "SELECT COALESCE(SUM(wakes), 0) FROM seed_wake WHERE agent_seed_id = ?", id).Scan(&n)
		return n, err
	}
	before, err := wakes()
	w.must(err)
	w.lift(id)
	w.until(func() error {
		now, err := wakes()
		if err == nil && now <= before {
			err = errors.New("no report was left for the leader")
		}
		return err
	})
}

func (w *world) aborted() {
	w.t.Helper()
	id := w.seed(w.follower())
	_, took, err := ask(w, w.follower(), client.AbortSeed(id, false))
	w.must(err)
	w.below("abort through a follower, confirmed by both agents", took, effect())
	w.failed(id, agentapi.Backup)
}

// failed checks where it ended, as the follower that was asked sees it at once.
func (w *world) failed(id int64, stage agentapi.Stage) {
	w.t.Helper()
	s, err := w.details(w.follower(), id)
	w.must(err)
	if s.Stage != stage || s.Status != agentapi.Failed {
		w.t.Errorf("seed %d is at %s/%s", id, s.Stage, s.Status)
	}
}

// heldRetriedReleased has the source lose what the replica would need, so that the seed is held; it is taken up again, and
// let go.
func (w *world) heldRetriedReleased() {
	w.t.Helper()
	db := w.Source.Server.Open("")
	defer db.Close()
	do := func(statement string) {
		if _, err := db.ExecContext(w.ctx, statement); err != nil {
			w.t.Fatalf("%s: %v", statement, err)
		}
	}
	do("CREATE TABLE sbtest.purged (id INT PRIMARY KEY AUTO_INCREMENT)")
	id := w.seed(w.leader())
	w.bound(id, 1<<20)
	w.is(id, "being copied", func(s seedapi.Seed) bool { return s.Progress.Bytes > 0 }) // its position is taken by then
	w.bound(id, 32<<10)
	for range 2 {
		do("INSERT INTO sbtest.purged VALUES (NULL)")
		do("FLUSH BINARY LOGS")
	}
	w.until(func() error { // a log that InnoDB may still need is kept, without a word
		var file, rest string
		var position, size int64
		if err := db.QueryRowContext(w.ctx, "SHOW MASTER STATUS").Scan(&file, &position, &rest, &rest); err != nil {
			return err
		}
		do("PURGE BINARY LOGS TO '" + file + "'")
		var first string
		if err := db.QueryRowContext(w.ctx, "SHOW BINARY LOGS").Scan(&first, &size); err != nil || first == file {
			return err
		}
		return fmt.Errorf("the source still has %s", first)
	})
	w.lift(id)
	w.at(id, agentapi.ConnectSlave, agentapi.Failed)
	_, took, err := ask(w, w.follower(), client.RetrySeed(id))
	w.must(err)
	began := time.Now()
	attempt := func(s seedapi.Seed) bool { return s.Status != agentapi.Scheduled }
	w.is(id, "stepped", attempt)
	w.below("retry through a follower, stepped by the leader", took+time.Since(began), effect())
	w.at(id, agentapi.ConnectSlave, agentapi.Failed)
	_, took, err = ask(w, w.follower(), client.ReleaseSeed(id))
	w.must(err)
	w.below("release through a follower, confirmed by both agents", took, replyTime) // the old data is put back meanwhile
	w.is(id, "released", func(s seedapi.Seed) bool { return !s.Held })
}

// forced gives up on an agent that does not answer, through a follower.
func (w *world) forced() {
	w.t.Helper()
	id := w.seed(w.follower())
	w.must(w.Target.Signal(syscall.SIGSTOP))
	defer func() { w.must(w.Target.Signal(syscall.SIGCONT)) }()
	_, took, err := ask(w, w.follower(), client.AbortSeed(id, false))
	w.must(err)
	w.t.Logf("abort with an agent that hangs, through a follower, answered after %s", round(took))
	_, took, err = ask(w, w.follower(), client.AbortSeed(id, true))
	w.must(err)
	w.t.Logf("the same by force answered after %s", round(took))
	w.is(id, "given up", func(s seedapi.Seed) bool { return s.Status == agentapi.Failed })
}
