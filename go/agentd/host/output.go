package host

import (
	"context"
	"time"
)

// Output runs a command to its end, through sudo where that is configured, and returns what it wrote to stdout. It is ended
// with its group when ctx or the limit is over; the error names the program and holds the end of what it said.
func (s Sudo) Output(ctx context.Context, limit time.Duration, args ...string) (string, error) {
	return s.run(ctx, limit, args)
}

// Vector is the argument vector of a command with sudo before it, where that is configured.
func (s Sudo) Vector(args ...string) []string { return s.vector(args) }
