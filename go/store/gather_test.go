package store_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
	"github.com/orchestrator-seed/orchestrator-seed/go/store/storetest"
)

// A COMMIT of many moves whose answer is lost is found out for each of them.
func testLostAnswerOfMany(t *testing.T, b *backend) {
	o := b.newDatabase(t)
	direct := open(t, o)
	p := newLine(t, b.server.Address())
	host, port, _ := net.SplitHostPort(p.listener.Addr().String())
	o.MySQL.Host, o.MySQL.Port = net.JoinHostPort(host, port), 0
	s := open(t, o)
	var seeds []*agent.Seed
	for i := range 5 {
		made, err := direct.CreateSeed(t.Context(), agent.Fence{}, storetest.NewSeed(fmt.Sprint("t", i), fmt.Sprint("s", i)), nil, agent.AuditEntry{Type: "x"}, nil, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, made)
	}
	p.breakNext("before")
	for i, err := range moveTogether(t, s, seeds) {
		if err == nil || !strings.Contains(err.Error(), "it was not stored") {
			t.Fatalf("move %d, which was not stored: %v", i, err)
		}
	}
	p.breakNext("after")
	for i, err := range moveTogether(t, s, seeds) {
		if err != nil {
			t.Fatalf("move %d, which was stored: %v", i, err)
		}
	}
	if n := p.times(); n != 2 {
		t.Fatalf("the line broke %d times: the moves were not written together", n)
	}
	for _, made := range seeds {
		if read, err := direct.Seed(t.Context(), made.ID); err != nil || read.Version != 2 || read.Status != agentapi.Running {
			t.Fatalf("stored: %+v, %v", read, err)
		}
	}
}

func moveTogether(t *testing.T, s *store.Store, seeds []*agent.Seed) []error {
	t.Helper()
	errs := make([]error, len(seeds))
	var wg sync.WaitGroup
	write := s.Gather()
	for i, seed := range seeds {
		next := *seed
		next.Status = agentapi.Running
		wg.Go(func() { _, errs[i] = s.Transition(t.Context(), agent.Fence{}, agent.Transition{Seed: next}) })
	}
	write(len(seeds))
	wg.Wait()
	return errs
}
