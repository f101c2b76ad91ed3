//go:build !race

package faults

// raceDetector: the tests, not the programs under them, run with it.
const raceDetector = false
