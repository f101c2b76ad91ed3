package host

import (
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newHost(t *testing.T, o Options) *Host {
	t.Helper()
	if o.MySQL == nil {
		o.MySQL = NewMySQL(MySQLOptions{User: "agent", Password: "x", Port: 1, ConnectTimeout: time.Second})
	}
	if o.BackupDir == "" {
		o.BackupDir = t.TempDir()
	}
	o.Logger = slog.New(slog.DiscardHandler)
	h := New(o)
	t.Cleanup(h.Close)
	return h
}

// until waits for a condition, for at most 30 s.
func waitUntil(t *testing.T, what string, f func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("in vain waited until %s", what)
		}
	}
}
