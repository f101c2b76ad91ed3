package nodes

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"syscall"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

const (
	seedTime  = 3 * time.Minute  // most that a seed of these sizes may take, on a busy machine
	replyTime = 30 * time.Second // most for anything that should be there at once
	// slow is the bandwidth that agents begin with, so that a Backup lasts until somebody lifts it.
	slow = "32K"
)

// world is three nodes on one backend, and two hosts.
type world struct {
	*fleet.Nodes
	t   *testing.T
	ctx context.Context
}

func start(t *testing.T, count int, bandwidth string, backend, config map[string]any) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	t.Cleanup(cancel)
	keys := map[string]any{"BackendDB": "mysql", "AgentHttpTimeoutSeconds": 3, "MaxRetriesForSeedStage": 0}
	maps.Copy(keys, config)
	n, err := fleet.StartNodes(ctx, fleet.NodesOptions{Count: count, Backend: backend, Options: fleet.Options{
		Programs: programs, Dir: t.TempDir(), Kind: sandbox.MariaDB, ServiceConfig: keys,
		AgentConfig: map[string]map[string]any{"common": {"bandwidth": bandwidth}},
		Fill: func(ctx context.Context, s *sandbox.Server) error {
			db := s.Open("")
			defer db.Close()
			return sandbox.Fill(ctx, db, sandbox.FillOptions{NoObjects: true, Bytes: 8 << 20, Tables: 2})
		},
	}})
	if err != nil {
		t.Fatalf("start the nodes: %v", err)
	}
	w := &world{Nodes: n, t: t, ctx: ctx}
	t.Cleanup(func() {
		for _, s := range n.All {
			_ = s.Signal(syscall.SIGCONT)
		}
		w.tell()
		if err := n.Close(); err != nil {
			t.Errorf("end the nodes: %v", err)
		}
	})
	return w
}

// tell logs what a person would look at, if the test failed.
func (w *world) tell() {
	if !w.t.Failed() {
		return
	}
	for id := int64(1); id < 20; id++ {
		states, err := w.States(w.ctx, id)
		if err != nil {
			break
		}
		for _, s := range states {
			w.t.Logf("seed %d %s %-12s %-15s %-9s %s", id, s.Timestamp.Format("15:04:05.000"), s.Stage, s.Hostname, s.Status, s.Details)
		}
	}
	for i, s := range w.All {
		w.t.Logf("--- node %d\n%s", i+1, s.LogTail(40))
	}
	w.t.Logf("--- target's agent\n%s", w.Target.LogTail(20))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) until(f func() error) {
	w.t.Helper()
	w.must(fleet.Until(w.ctx, replyTime, f))
}

func (w *world) leader() *fleet.Service {
	w.t.Helper()
	s, err := w.Leader(w.ctx)
	w.must(err)
	return s
}

// follower is a node that does not lead and runs, the one that agents call if it may be.
func (w *world) follower() *fleet.Service {
	w.t.Helper()
	all, err := w.Followers(w.ctx)
	w.must(err)
	if len(all) == 0 {
		w.t.Fatal("there is no node but the leader")
	}
	return all[len(all)-1]
}

// ask sends a request to one node and says how long its answer took.
func ask[T any](w *world, s *fleet.Service, call client.Call[T]) (answer T, took time.Duration, err error) {
	began := time.Now()
	answer, _, err = call.Fetch(w.ctx, s.Client)
	return answer, time.Since(began), err
}

func (w *world) details(s *fleet.Service, id int64) (seedapi.Seed, error) {
	ctx, cancel := context.WithTimeout(w.ctx, 3*time.Second)
	defer cancel()
	seed, _, err := client.SeedDetails(id).Fetch(ctx, s.Client)
	return seed, err
}

// seed starts one through a node and waits until its data is on the way.
func (w *world) seed(through *fleet.Service) int64 {
	w.t.Helper()
	id, took, err := ask(w, through, client.StartSeed(agentapi.Mysqldump, w.Target.Host, w.Source.Host))
	w.must(err)
	w.t.Logf("start, its checks included, answered after %s", round(took))
	w.at(id, agentapi.Backup, agentapi.Running)
	return id
}

func (w *world) at(id int64, stage agentapi.Stage, status agentapi.Status) {
	w.t.Helper()
	w.is(id, fmt.Sprintf("%s/%s", stage, status), func(s seedapi.Seed) bool { return s.Stage == stage && s.Status == status })
}

func (w *world) is(id int64, what string, wanted func(seedapi.Seed) bool) {
	w.t.Helper()
	w.must(fleet.Until(w.ctx, seedTime, func() error {
		s, err := w.details(w.follower(), id)
		if err == nil && !wanted(s) {
			err = fmt.Errorf("seed %d is at %s/%s (%s), not %s", id, s.Stage, s.Status, s.ErrorText, what)
		}
		return err
	}))
}

// stepped says how long after that moment the seed was stepped by whoever leads then: its agents have confirmed a bandwidth
// that a node, which need not lead, was asked for.
func (w *world) stepped(by *fleet.Service, id int64, since time.Time) time.Duration {
	w.t.Helper()
	var last error
	for n := int64(0); time.Since(since) < time.Minute; n++ {
		if _, _, last = ask(w, by, client.SeedBandwidth(id, 32<<10+n)); last == nil {
			return time.Since(since)
		}
	}
	w.t.Fatalf("seed %d is not stepped: %v", id, last)
	return 0
}

// lift lets the data go as fast as it may.
func (w *world) lift(id int64) {
	w.t.Helper()
	w.bound(id, 0)
}

// bound bounds the seed's data, in bytes a second.
func (w *world) bound(id, bytesPerSecond int64) {
	w.t.Helper()
	_, _, err := ask(w, w.leader(), client.SeedBandwidth(id, bytesPerSecond))
	w.must(err)
}

// completed waits for the seed's end, which must be Completed, with each stage started once on each side that has a part
// in it, and the target a replica with the source's data. Then the target is made free for another seed.
func (w *world) completed(id int64) {
	w.t.Helper()
	w.is(id, "ended", func(s seedapi.Seed) bool { return !client.Live(s) })
	w.at(id, agentapi.Cleanup, agentapi.Completed)
	states, err := w.States(w.ctx, id)
	w.must(err)
	started := map[string]int{}
	for _, s := range states {
		if s.Details == "Started" {
			started[string(s.Stage)+" on "+s.Hostname]++
		}
		if s.Status == agentapi.Error {
			w.t.Errorf("on the way: %s on %s: %s", s.Stage, s.Hostname, s.Details)
		}
	}
	for what, times := range started {
		if times != 1 {
			w.t.Errorf("%s was started %d times", what, times)
		}
	}
	a, b := w.Source.Server.Open(""), w.Target.Server.Open("")
	defer a.Close()
	defer b.Close()
	w.must(sandbox.WaitReplica(w.ctx, b, a))
	differences, err := sandbox.Compare(w.ctx, a, b)
	w.must(err)
	for _, d := range differences {
		w.t.Errorf("after the seed: %s", d)
	}
	w.free(b)
}

// free takes the target out of replication, so that it may be seeded again.
func (w *world) free(db *sql.DB) {
	w.t.Helper()
	for _, statement := range []string{"STOP SLAVE", "RESET SLAVE ALL"} {
		if _, err := db.ExecContext(w.ctx, statement); err != nil {
			w.t.Fatal(err)
		}
	}
}

// below fails the test when something took longer than promised. The promise is that of a machine with nothing else to do:
// on a busy one the times only say how busy it is.
func (w *world) below(what string, took, most time.Duration) {
	w.t.Helper()
	w.t.Logf("%s: %s", what, round(took))
	if took > most {
		w.t.Errorf("%s took %s, longer than %s", what, round(took), most)
	}
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }

// newBackend is an empty database on a server of its own.
func newBackend(t *testing.T) (keys map[string]any, server *sandbox.Server) {
	t.Helper()
	server = sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB})
	return backendOn(t, server, server.Address()), server
}

func backendOn(t *testing.T, server *sandbox.Server, hosts string) map[string]any {
	t.Helper()
	db := server.Open("")
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE seed"); err != nil {
		t.Fatal(err)
	}
	return map[string]any{"MySQLOrchestratorHost": hosts, "MySQLOrchestratorDatabase": "seed",
		"MySQLOrchestratorUser": sandbox.AdminUser, "MySQLOrchestratorPassword": server.Passwords.Admin}
}
