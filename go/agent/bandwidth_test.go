package agent_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
)

func TestBandwidthReachesBothAgentsAtOnceAndLaterAttempts(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Backup, agentfake.OnDemand(), agentfake.After(0))
	w.source.Script(agentapi.Backup, agentfake.OnDemand(), agentfake.After(0))
	id := w.beginBy(agentapi.Xtrabackup)
	w.to(id, "Backup/Running")
	if err := w.SetBandwidth(context.Background(), id, 50<<20, "dba"); err != nil {
		t.Fatal(err)
	}
	if w.target.Limit(id) != 50<<20 || w.source.Limit(id) != 50<<20 {
		t.Errorf("target has %d, source %d", w.target.Limit(id), w.source.Limit(id))
	}
	w.cycle(id, "Backup/Running")
	if n := w.source.Count("bandwidth"); n != 1 {
		t.Errorf("told %d times", n)
	}
	w.wantHistory(id, "Bandwidth: at most 50.0 MiB/s, asked for by dba")
	if !strings.Contains(w.store.AuditText(), "agent-seed-bandwidth: bandwidth of seed 1: at most 50.0 MiB/s") {
		t.Error("not in the audit: " + w.store.AuditText())
	}
	w.source.Fail(agentapi.Backup, "tool died")
	w.to(id, "Backup/Error")
	w.crash()
	w.to(id, "Prepare/Running")
	for _, a := range []*agentfake.Agent{w.target, w.source} {
		if b := terms(t, a, "prepare").Bandwidth; b == nil || *b != 50<<20 {
			t.Errorf("the next attempt begins with %v", b)
		}
	}
	if err := w.SetBandwidth(context.Background(), id, 0, ""); err != nil {
		t.Fatal(err)
	}
	w.to(id, "Cleanup/Completed")
	if b := terms(t, w.source, "backup").Bandwidth; b == nil || *b != 0 {
		t.Errorf("after the bound was taken away: %v", b)
	}
	if err := w.SetBandwidth(context.Background(), id, 1, ""); !errors.Is(err, agent.ErrRefused) {
		t.Errorf("a seed that has ended: %v", err)
	}
	if err := w.SetBandwidth(context.Background(), id, -1, ""); !errors.Is(err, agent.ErrBadInput) {
		t.Errorf("a negative bound: %v", err)
	}
	if err := w.SetBandwidth(context.Background(), 99, 1, ""); !errors.Is(err, agent.ErrNotFound) {
		t.Errorf("no such seed: %v", err)
	}
}

func TestAgentThatWasNotToldTheBandwidthIsToldAgain(t *testing.T) {
	w := newWorld(t)
	w.target.Script(agentapi.Backup, agentfake.OnDemand())
	w.source.Script(agentapi.Backup, agentfake.OnDemand())
	id := w.beginBy(agentapi.Xtrabackup)
	w.to(id, "Backup/Running")
	w.source.BreakNext("bandwidth", 1, agentfake.Reset())
	if err := w.SetBandwidth(context.Background(), id, 1000, "dba"); !errors.Is(err, agent.ErrUnreachable) {
		t.Errorf("says %v", err)
	}
	w.crash()
	w.cycle(id, "Backup/Running")
	if w.source.Limit(id) != 1000 || w.target.Count("bandwidth") != 1 {
		t.Errorf("source has %d, target was told %d times", w.source.Limit(id), w.target.Count("bandwidth"))
	}
}

func TestBandwidthIsNotToldToAgentsOfOthers(t *testing.T) {
	w := newWorldWith(t, true, false)
	w.source.Script(agentapi.Backup, agentfake.OnDemand())
	id := w.beginBy(agentapi.Xtrabackup)
	w.to(id, "Backup/Running")
	if err := w.SetBandwidth(context.Background(), id, 1000, "dba"); err != nil {
		t.Error(err)
	}
	if w.target.Count("bandwidth") != 0 || w.source.Limit(id) != 1000 {
		t.Errorf("target %v, source %d", w.target.Paths(), w.source.Limit(id))
	}
}
