package metrics

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

const (
	countsFor   = time.Second // how long one count serves
	countBefore = 5 * time.Second
)

// seedCollector counts seeds in the database when it is asked, at most once in countsFor.
type seedCollector struct {
	seeds  SeedCounter
	now    func() time.Time
	stages *prometheus.Desc
	active *prometheus.Desc

	mu     sync.Mutex
	at     time.Time
	counts []agent.SeedCount
	err    error
}

func newSeedCollector(seeds SeedCounter, now func() time.Time) *seedCollector {
	return &seedCollector{
		seeds:  seeds,
		now:    now,
		stages: prometheus.NewDesc(namespace+"_seeds", "Stored seeds by stage and status.", []string{"stage", "status"}, nil),
		active: prometheus.NewDesc(namespace+"_active_seeds", "Seeds that have not ended.", nil, nil),
	}
}

func (c *seedCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.stages
	ch <- c.active
}

func (c *seedCollector) Collect(ch chan<- prometheus.Metric) {
	counts, err := c.read()
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.stages, fmt.Errorf("count seeds: %w", err))
		return
	}
	active := int64(0)
	for _, n := range counts {
		ch <- prometheus.MustNewConstMetric(c.stages, prometheus.GaugeValue, float64(n.Count), string(n.Stage), string(n.Status))
		if n.Status != agentapi.Completed && n.Status != agentapi.Failed {
			active += n.Count
		}
	}
	ch <- prometheus.MustNewConstMetric(c.active, prometheus.GaugeValue, float64(active))
}

// read counts anew when the last count is old; an error is never "there is none".
func (c *seedCollector) read() ([]agent.SeedCount, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); c.at.IsZero() || now.Sub(c.at) >= countsFor || now.Before(c.at) {
		ctx, cancel := context.WithTimeout(context.Background(), countBefore)
		defer cancel()
		c.counts, c.err = c.seeds.CountSeeds(ctx)
		c.at = now
	}
	return c.counts, c.err
}
