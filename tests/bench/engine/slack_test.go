//go:build !race

package main

import "time"

// slack is what a busy machine may add to a limit on time.
const slack = 50 * time.Millisecond

// mostStatements is how many SQL statements a seed may take in a cycle.
const mostStatements = 1
