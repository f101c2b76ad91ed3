//go:build race

package main

import "time"

// slack is what a busy machine may add to a limit on time, and the race detector.
const slack = 500 * time.Millisecond
