package sandbox

import (
	"context"
	"time"
)

// T is what the helpers use of a *testing.T, *testing.B or *rapid.T.
type T interface {
	Helper()
	Cleanup(func())
	Failed() bool
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Require fails the test, with the sentence "run script/servers", when servers of one of these kinds can't be started.
func Require(t T, kinds ...Kind) {
	t.Helper()
	for _, kind := range kinds {
		if err := Installed(kind); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
}

// StartT is Start for tests: the server is closed at the end of the test, and the tail of its error log shown if that
// failed. An empty Host is replaced by a loopback address that no other test has.
func StartT(t T, opts Options) *Server {
	t.Helper()
	Require(t, opts.Kind)
	if opts.Host == "" {
		opts.Host = HostsT(t, 1)[0]
	}
	s, err := Start(context.Background(), opts)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("error log of %s on %s:\n%s", s.Kind, s.Address(), s.LogTail(40))
		}
		if err := s.Close(); err != nil {
			t.Logf("close %s on %s: %v", s.Kind, s.Address(), err)
		}
	})
	return s
}

// HostsT is LoopbackHosts for tests.
func HostsT(t T, n int) []string {
	t.Helper()
	hosts, release, err := LoopbackHosts(n)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(release)
	return hosts
}

// Eventually calls f every 20 ms until it returns nil; after timeout the test fails with what f said last.
func Eventually(t T, timeout time.Duration, f func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := poll(ctx, 20*time.Millisecond, f); err != nil {
		t.Fatalf("not within %s: %v", timeout, err)
	}
}
