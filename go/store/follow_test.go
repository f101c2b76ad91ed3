package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// Two servers stand in for a replicated backend: which of them takes writes is said by read_only alone.
func TestServerThatTakesWritesIsFollowed(t *testing.T) {
	one, two := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB}), sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB})
	readOnly := func(s *sandbox.Server, value string) {
		t.Helper()
		db := s.Open("")
		defer db.Close()
		for _, statement := range []string{"SET GLOBAL read_only = " + value, "CREATE DATABASE IF NOT EXISTS seed"} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	o := Options{Dialect: "mysql", Log: slog.New(slog.DiscardHandler), MySQL: MySQL{Host: one.Address() + "," + two.Address(), Database: "seed",
		User: sandbox.AdminUser, Password: one.Passwords.Admin, Patience: 20 * time.Second}}
	readOnly(one, "ON")
	readOnly(two, "OFF")
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	on := func(want *sandbox.Server) error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var port int
		if err := s.write.QueryRowContext(ctx, "SELECT @@port").Scan(&port); err != nil {
			return err
		}
		if port != want.Port {
			return fmt.Errorf("connected to port %d, not %d", port, want.Port)
		}
		return nil
	}
	if err := on(two); err != nil {
		t.Fatal(err)
	}

	waits := make(chan error, 1) // a statement that hangs on the server that is not the primary any more
	began := time.Now()
	go func() {
		_, err := s.write.ExecContext(context.Background(), "DO SLEEP(60)")
		waits <- err
	}()
	sandbox.Eventually(t, 20*time.Second, func() error {
		var n int
		db := two.Open("")
		defer db.Close()
		err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO = 'DO SLEEP(60)'").Scan(&n)
		if err == nil && n == 0 {
			err = fmt.Errorf("it does not hang yet")
		}
		return err
	})
	readOnly(two, "ON")
	readOnly(one, "OFF")
	sandbox.Eventually(t, 30*time.Second, func() error { return on(one) })
	if err := <-waits; err == nil || time.Since(began) > 50*time.Second {
		t.Errorf("the statement that hung: %v after %s", err, time.Since(began))
	}

	readOnly(two, "OFF")
	o.MySQL.Patience = 3 * time.Second
	if _, err := Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "several servers of the backend take writes") {
		t.Errorf("two that take writes: %v", err)
	}
	readOnly(one, "ON")
	readOnly(two, "ON")
	if _, err := Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "it is read-only") {
		t.Errorf("none that takes writes: %v", err)
	}
}
