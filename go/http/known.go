package http

import (
	"hash/maphash"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// knownFor is how long it is remembered what was told; the backend tells it again within seconds.
const knownFor = time.Minute

// known is what was told lately. The zero value is ready; it has no lock of its own.
type known struct {
	seeds  map[int64]timed[int64]   // version by seed
	states map[stateKey]timed[bool] // whether it was read from the backend
	hosts  map[string]timed[hostMark]
	swept  time.Time
}

type timed[V any] struct {
	value V
	at    time.Time
}

// stateKey is a line of history, whether or not it has an ID yet.
type stateKey struct {
	seed, attempt int64
	stage         agent.Stage
	status        agent.Status
	host          string
	at            time.Time // as stored, in microseconds
	details       uint64
}

var detailsSeed = maphash.MakeSeed()

// seed says whether this is news, and remembers it. A seed without a version comes from no backend.
func (k *known) seed(s *agent.Seed, now time.Time) bool {
	k.sweep(now)
	if last, told := k.seeds[s.ID]; told && s.Version > 0 && s.Version <= last.value {
		return false
	}
	k.seeds[s.ID] = timed[int64]{s.Version, now}
	return true
}

func (k *known) state(r agent.StageState, read bool, now time.Time) bool {
	k.sweep(now)
	key := stateKey{seed: r.SeedID, attempt: r.Attempt, stage: r.Stage, status: r.Status, host: r.Host,
		at: r.At.UTC().Truncate(time.Microsecond), details: maphash.String(detailsSeed, r.Details)}
	if last, told := k.states[key]; told && (read || last.value) {
		return false
	}
	k.states[key] = timed[bool]{read, now}
	return true
}

func (k *known) host(h *agent.Host, now time.Time) bool {
	k.sweep(now)
	mark := markOf(h)
	mark.checked, mark.seen = mark.checked.UTC().Truncate(time.Microsecond), mark.seen.UTC().Truncate(time.Microsecond)
	if last, told := k.hosts[h.Info.Hostname]; told && last.value == mark {
		return false
	}
	k.hosts[h.Info.Hostname] = timed[hostMark]{mark, now}
	return true
}

// sweep forgets what is old. A seed's version that is told again after that does no harm.
func (k *known) sweep(now time.Time) {
	if k.seeds == nil {
		k.seeds, k.states, k.hosts = map[int64]timed[int64]{}, map[stateKey]timed[bool]{}, map[string]timed[hostMark]{}
	}
	if now.Sub(k.swept) < knownFor {
		return
	}
	k.swept = now
	forget(k.seeds, now)
	forget(k.states, now)
	forget(k.hosts, now)
}

func forget[K comparable, V any](m map[K]timed[V], now time.Time) {
	for key, v := range m {
		if now.Sub(v.at) > knownFor {
			delete(m, key)
		}
	}
}
