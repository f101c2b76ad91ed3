package host

import (
	"context"
	"fmt"
	"time"
)

const serviceLimit = 10 * time.Minute // of one service command; a shutdown of a big server takes its time

// StartMySQL runs the configured command and returns when the server answers, or with an error that says what it answered
// last. A server that answers already is left alone, and one that an earlier agent's command still starts or stops is waited
// for.
func (h *Host) StartMySQL(ctx context.Context) error {
	if h.answersMeanwhile(ctx) {
		return nil
	}
	if err := h.SettleMySQL(ctx, false); err != nil {
		return fmt.Errorf("start MySQL: %w", err)
	}
	if h.pingMySQL(ctx) == nil {
		return nil
	}
	if len(h.o.StartCommand) == 0 {
		return fmt.Errorf("start MySQL: mysql.service-start-command is not configured")
	}
	if err := h.service(ctx, true, h.o.StartCommand); err != nil {
		return fmt.Errorf("start MySQL: %w", err)
	}
	err := until(ctx, h.o.StartWait, func() error { return h.pingMySQL(ctx) })
	h.ForgetMySQL()
	if err != nil {
		return fmt.Errorf("start MySQL: the command ended well, but the server does not answer: %w", err)
	}
	return nil
}

// StopMySQL runs the configured command and returns when the server does not answer any more. A server that does not answer
// already is told to stop all the same: it may be about to start. A command of an earlier agent that still runs is ended before.
func (h *Host) StopMySQL(ctx context.Context) error {
	if len(h.o.StopCommand) == 0 {
		return fmt.Errorf("stop MySQL: mysql.service-stop-command is not configured")
	}
	if err := h.SettleMySQL(ctx, true); err != nil {
		return fmt.Errorf("stop MySQL: %w", err)
	}
	if err := h.service(ctx, false, h.o.StopCommand); err != nil {
		return fmt.Errorf("stop MySQL: %w", err)
	}
	err := until(ctx, h.o.StartWait, func() error {
		if !h.mysql.listening(ctx) {
			return nil
		}
		return fmt.Errorf("%s still takes connections", h.mysql.Local())
	})
	h.ForgetMySQL()
	if err != nil {
		return fmt.Errorf("stop MySQL: %w", err)
	}
	return nil
}

// MySQLRunning says whether the server runs: it answers, or takes connections without letting the agent in, or the
// configured status command says so.
func (h *Host) MySQLRunning(ctx context.Context) bool {
	if h.mysql.listening(ctx) {
		return true
	}
	if len(h.o.StatusCommand) == 0 {
		return false
	}
	_, err := h.o.Sudo.run(ctx, 10*time.Second, h.o.StatusCommand)
	return err == nil
}

func (h *Host) pingMySQL(ctx context.Context) error {
	db, err := h.mysql.Open(ctx, h.mysql.Local())
	if err != nil {
		return err
	}
	return db.Close()
}

// until calls f every 200 ms until it returns nil, and gives its last error when ctx or the time is over.
func until(ctx context.Context, most time.Duration, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("after %v: %w", most, err)
		}
	}
}
