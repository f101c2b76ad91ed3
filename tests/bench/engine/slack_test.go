//go:build !race

package main

import "time"

// slack is what a busy machine may add to a limit on time.
const slack = 50 * time.Millisecond
