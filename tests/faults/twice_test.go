package faults

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// pair is who is to be seeded from whom.
type pair struct{ target, source string }

// twice is fault 25.
func twice() []faultCase {
	two := func(o *fleet.Options) { o.ServiceConfig["MaxActiveSeedsPerSource"] = 2 }
	return []faultCase{
		{fault: 25, what: "the same seed is asked for twice at once", stage: "Prepare", side: "-", ci: true, end: onceEach, do: func(w *world) {
			there := pair{w.f.Target.Host, w.f.Source.Host}
			w.onlyOne(there, there)
		}},
		{fault: 25, what: "two hosts are to be seeded from each other at once", stage: "Prepare", side: "-", end: onceEach, dump: heldDump, do: func(w *world) {
			w.start()
			w.until(w.dump.waiting)
			_, _, err := client.StartSeed(agentapi.Mysqldump, w.f.Source.Host, w.f.Target.Host).Fetch(w.ctx, w.f.Service.Client)
			w.refused(err, "seed")
			w.must(w.dump.let())
			w.end()
		}},
		{fault: 25, what: "two seeds for one target, from two sources, at once", stage: "Prepare", side: "target", ci: true, end: completed, do: func(w *world) {
			other := w.third()
			w.oneOf(pair{w.f.Target.Host, w.f.Source.Host}, pair{w.f.Target.Host, other.Host})
		}},
		{fault: 25, what: "two seeds from one source at once, where one is allowed", stage: "Prepare", side: "source", end: completed, do: func(w *world) {
			other := w.third()
			w.oneOf(pair{w.f.Target.Host, w.f.Source.Host}, pair{other.Host, w.f.Source.Host})
		}},
		{fault: 25, what: "two seeds from one source at once, where two are allowed", stage: "Prepare", side: "source", fleet: two, end: completed, do: func(w *world) {
			other := w.third()
			ids, errs := w.race(pair{w.f.Target.Host, w.f.Source.Host}, pair{other.Host, w.f.Source.Host})
			w.must(errs[0])
			w.must(errs[1])
			w.id = ids[1]
			w.end()
			w.checkEnd(completed)
			w.id = ids[0]
			w.end()
			differences, err := sandbox.Compare(w.ctx, w.db(w.f.Source.Server), w.db(other.Server))
			w.must(err)
			for _, d := range differences {
				w.t.Errorf("source and second target: %s", d)
			}
			w.note("both completed")
		}},
	}
}

// third is one more server with an agent, which ends with the case.
func (w *world) third() *fleet.Agent {
	w.t.Helper()
	hosts := sandbox.HostsT(w.t, 1)
	server := sandbox.StartT(w.t, sandbox.Options{Kind: w.kit.kind, Host: hosts[0], Dir: filepath.Join(w.f.Dir, "third-db"),
		Passwords: w.f.Source.Server.Passwords})
	a, err := fleet.StartAgent(w.ctx, fleet.AgentOptions{Programs: programs, Service: w.f.Service, Server: server, Dir: filepath.Join(w.f.Dir, "third-agent")})
	if a != nil && a.Process != nil {
		w.t.Cleanup(func() { _ = a.Kill() })
	}
	w.must(err)
	w.others = append(w.others, a)
	return a
}

// race asks for two seeds at the same moment.
func (w *world) race(a, b pair) (ids [2]int64, errs [2]error) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i, p := range []pair{a, b} {
		wg.Go(func() {
			<-begin
			ids[i], _, errs[i] = client.StartSeed(agentapi.Mysqldump, p.target, p.source).Fetch(context.WithoutCancel(w.ctx), w.f.Service.Client)
		})
	}
	close(begin)
	wg.Wait()
	return ids, errs
}

// onlyOne asks for two seeds at once: one is made, the other refused; the one is followed to its end.
func (w *world) onlyOne(a, b pair) (won int) {
	w.t.Helper()
	ids, errs := w.race(a, b)
	switch {
	case (errs[0] == nil) == (errs[1] == nil):
		w.t.Fatalf("of two seeds at once one must be made: %v, %v", errs[0], errs[1])
	case errs[0] == nil:
		w.id = ids[0]
		w.refused(errs[1], "seed")
	default:
		won, w.id = 1, ids[1]
		w.refused(errs[0], "seed")
	}
	w.end()
	return won
}

// oneOf is onlyOne where the second pair is not the one that is looked at afterwards: when that won, the first follows.
func (w *world) oneOf(mine, other pair) {
	w.t.Helper()
	if w.onlyOne(mine, other) == 0 {
		return
	}
	w.checkEnd(completed)
	if mine.target == other.target { // it is a replica of the other source now; that is undone
		w.exec(w.f.Target.Server, "STOP SLAVE", "RESET SLAVE ALL")
	}
	w.start()
	w.end()
}
