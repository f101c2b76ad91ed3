package simulation

import (
	"time"
)

// chance draws decisions: the same history, moment and words give the same draw, in whatever order they are drawn.
type chance uint64

// of is the draw for a decision that is about these words at this moment.
func (c chance) of(at time.Duration, words ...string) draw {
	h := mix(uint64(c) ^ mix(uint64(at)))
	for _, w := range words {
		for i := range len(w) {
			h = (h ^ uint64(w[i])) * 1099511628211
		}
		h = mix(h)
	}
	return draw(h)
}

// draw is a stream of numbers for one decision.
type draw uint64

func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (d *draw) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	return mix(uint64(*d))
}

// below is a number from 0 to n-1.
func (d *draw) below(n int) int { return int(d.next() % uint64(n)) }

// one says yes once in n times.
func (d *draw) one(n int) bool { return d.below(n) == 0 }

// perMille says yes that many times in a thousand.
func (d *draw) perMille(n int) bool { return d.below(1000) < n }

// between is a duration from a to b, by the nanosecond, so that two of them are hardly ever equal.
func (d *draw) between(a, b time.Duration) time.Duration {
	return a + time.Duration(d.next()%uint64(b-a+1))
}

func pick[T any](d *draw, from []T) T { return from[d.below(len(from))] }
