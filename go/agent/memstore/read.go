package memstore

import (
	"context"
	"slices"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// Seeds implements agent.Store.
func (s *Store) Seeds(ctx context.Context, f agent.SeedFilter) ([]*agent.Seed, error) {
	unlock, err := s.enter(ctx, "Seeds")
	if err != nil {
		return nil, err
	}
	defer unlock()
	var found []*agent.Seed
	for _, seed := range slices.Backward(s.sorted()) {
		if matches(seed, f) {
			found = append(found, copied(seed))
		}
	}
	found = found[min(f.Offset, len(found)):]
	if f.Limit > 0 {
		found = found[:min(f.Limit, len(found))]
	}
	return found, nil
}

func matches(seed *agent.Seed, f agent.SeedFilter) bool {
	is := func(want, have string) bool { return want == "" || want == have }
	return is(f.Target, seed.TargetHost) && is(f.Source, seed.SourceHost) && is(string(f.Method), string(seed.Method)) &&
		is(string(f.Status), string(seed.Status)) &&
		(f.EitherHost == "" || f.EitherHost == seed.TargetHost || f.EitherHost == seed.SourceHost) &&
		(f.IDs == nil || slices.Contains(f.IDs, seed.ID)) &&
		(!f.ActiveOnly || seed.Active()) && (f.BeforeID <= 0 || seed.ID < f.BeforeID)
}
