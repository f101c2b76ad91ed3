//go:build !race

package simulation

import "time"

const (
	withRace      = false
	usualTime     = 25 * time.Second
	usualPairs    = 20
	eachTrial     = 1
	sameHistories = 200
)
