package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// final is an error that waiting cannot mend.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// wait tries f until it succeeds, or says final, or the time is over; then its last error is the answer.
func wait(ctx context.Context, most time.Duration, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return nil
		}
		var end final
		if errors.As(err, &end) {
			return end.error
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("after %s: %w", most, err)
		case <-tick.C:
		}
	}
}

// Until is wait for others.
func Until(ctx context.Context, most time.Duration, f func() error) error { return wait(ctx, most, f) }
