//go:build race

package main

import "time"

// slack is what a busy machine may add to a limit on time, and the race detector.
const slack = 500 * time.Millisecond

// mostStatements is how many SQL statements a seed may take in a cycle; looks that the race detector slows down come to the
// store one after the other, so that fewer of them share a transaction.
const mostStatements = 2
