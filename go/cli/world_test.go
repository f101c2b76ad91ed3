package cli

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/client/clientfake"
)

var update = flag.Bool("update", false, "write golden files and docs/cli.md anew")

// noon is when the tests in this package happen.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// screen is a stream whose text can be waited for; it may be a terminal.
type screen struct {
	columns int // 0: no terminal

	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed and replaced with each write
}

func newScreen(columns int) *screen { return &screen{columns: columns, changed: make(chan struct{})} }

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// await returns when the stream has held the text.
func (s *screen) await(ctx context.Context, t *testing.T, text string) {
	t.Helper()
	for {
		s.mu.Lock()
		found, changed := strings.Contains(s.text.String(), text), s.changed
		s.mu.Unlock()
		if found {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("waited for %q, saw %q", text, s)
		}
	}
}

// world is a fake service and a person in front of it.
type world struct {
	service  *clientfake.Service
	ctx      context.Context
	out, err *screen
	in       io.Reader
	inTTY    bool
}

func newWorld(t *testing.T, columns int) *world {
	t.Helper()
	ignore := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, ignore) })
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	s, err := clientfake.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	return &world{service: s, ctx: ctx, out: newScreen(columns), err: newScreen(columns), in: strings.NewReader("")}
}

func (w *world) run(args ...string) int {
	return Run(w.ctx, Options{
		Args: append([]string{"--api", w.service.URL()}, args...), Stdin: w.in, Stdout: w.out, Stderr: w.err,
		Version: "1.2.3", Now: func() time.Time { return noon }, Location: time.UTC,
		Terminal: func(f any) (int, bool) {
			if s, ok := f.(*screen); ok {
				return s.columns, s.columns > 0
			}
			return 80, w.inTTY
		},
	})
}

// golden compares with a file in testdata/golden, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
