package agent

import (
	"context"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent/estimate"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// learnFrom is how many earlier seeds an estimate is made from.
const learnFrom = 20

// learned reads what earlier seeds by the method took. An estimate is worth no refusal: without them the defaults hold.
func (e *Engine) learned(ctx context.Context, s *Seed) estimate.Learned {
	learned, err := Learned(ctx, e.store, s.Method, s.Engine.SourceBytes)
	if err != nil {
		e.log.Warn("read earlier seeds for the estimate", "method", s.Method, "err", err)
	}
	return learned
}

// SeedLister lists seeds; Store and Queries are such.
type SeedLister interface {
	Seeds(ctx context.Context, f SeedFilter) ([]*Seed, error)
}

// Learned is what the newest completed seeds by the method took, for a source of that size.
func Learned(ctx context.Context, seeds SeedLister, method Method, sourceBytes int64) (estimate.Learned, error) {
	list, err := seeds.Seeds(ctx, SeedFilter{Method: method, Status: agentapi.Completed, Limit: learnFrom})
	if err != nil {
		return nil, err
	}
	var past []estimate.Past
	for _, s := range list {
		past = append(past, estimate.Past{Bytes: s.Engine.SourceBytes, Took: s.Engine.Took})
	}
	return estimate.Learn(method, sourceBytes, past), nil
}

// Left estimates how long a live seed will still take; false when it can't be said.
func (s *Seed) Left(now time.Time) (estimate.Estimate, bool) {
	es := &s.Engine
	in := estimate.Seed{
		Method: s.Method, Stage: s.Stage, Started: max(0, now.Sub(es.StageStartedAt)), SourceBytes: es.SourceBytes, Took: es.Took,
		Lag: -1, Learned: es.Learned,
	}
	if es.Bandwidth != nil {
		in.Bandwidth = *es.Bandwidth
	}
	switch s.Status {
	case agentapi.Scheduled:
	case agentapi.Running:
		p := es.Progress
		in.Bytes, in.Total, in.Rate = p.Bytes, p.Total, p.Rate
		if s.Stage == agentapi.ConnectSlave {
			in.Lag, in.Falls = es.Lag, lagFalls(es, now)
		}
	case agentapi.Error:
		if s.NotBefore.IsZero() { // the end is what comes next
			return estimate.Estimate{}, false
		}
		in.Started, in.Wait = 0, max(0, s.NotBefore.Sub(now))
		if s.Stage == agentapi.Backup {
			in.Stage = agentapi.Prepare
		}
	default:
		return estimate.Estimate{}, false
	}
	return estimate.Left(in)
}

// lagFalls is by how many seconds the replica's delay has become less in each second since it was first seen.
func lagFalls(es *EngineState, now time.Time) float64 {
	seen := now.Sub(es.LagFirstAt).Seconds()
	if es.LagFirstAt.IsZero() || seen < 5 || es.Lag < 0 || es.Lag >= es.LagFirst {
		return 0
	}
	return float64(es.LagFirst-es.Lag) / seen
}
