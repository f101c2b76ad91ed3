package nodes

import (
	"errors"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// The service takes one step a second here, so that each stage can be caught while it runs.
func TestLeaderKilledWhileAStageRuns(t *testing.T) {
	t.Parallel()
	keys, _ := newBackend(t)
	w := start(t, 2, "100M", keys, map[string]any{"SeedEventDriven": false, "SeedProcessIntervalSeconds": 1})
	stages := []agentapi.Stage{agentapi.Restore}
	if *all {
		stages = agentapi.Stages
	}
	id, _, err := ask(w, w.leader(), client.StartSeed(agentapi.Mysqldump, w.Target.Host, w.Source.Host))
	w.must(err)
	for _, stage := range stages {
		w.is(id, string(stage)+"/Running", func(s seedapi.Seed) bool {
			return s.Stage == stage && s.Status == agentapi.Running || !client.Live(s)
		})
		leader, other := w.leader(), w.follower()
		began := time.Now()
		w.must(leader.Kill())
		w.below(string(stage)+" runs, leader killed, another leads", w.otherLeads(other, began), replaced)
		w.must(leader.Start())
		w.must(leader.Healthy(w.ctx))
	}
	w.completed(id)
}

func (w *world) otherLeads(other *fleet.Service, began time.Time) time.Duration {
	w.t.Helper()
	w.until(func() error {
		s, _, err := ask(w, other, client.Status())
		if err == nil && !s.IsLeader {
			err = errors.New("it does not lead yet")
		}
		return err
	})
	return time.Since(began)
}
