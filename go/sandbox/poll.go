package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// final is an error after which there is nothing to wait for.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// poll calls f until it returns nil or a final error, or ctx is done; then the error holds what f said last.
func poll(ctx context.Context, every time.Duration, f func() error) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var last error
	for {
		err := f()
		var stop final
		if err == nil || errors.As(err, &stop) {
			return err
		}
		if last == nil || ctx.Err() == nil {
			last = err // what it says once ctx is done is only that
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", ctx.Err(), last)
		case <-ticker.C:
		}
	}
}
