//go:build race

package simulation

import "time"

// With the race detector everything is slower: less of it is tried.
const (
	withRace      = true
	usualTime     = 8 * time.Second
	usualPairs    = 40
	eachTrial     = 7
	sameHistories = 20
)
