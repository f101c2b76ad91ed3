package runner

import (
	"strings"
	"sync"
)

// tail is a writer that keeps the last bytes written to it.
type tail struct {
	mu   sync.Mutex
	keep int
	b    []byte
}

func newTail(keep int) *tail { return &tail{keep: keep} }

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	if len(t.b) > 2*t.keep {
		t.b = append(t.b[:0], t.b[len(t.b)-t.keep:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b[max(0, len(t.b)-t.keep):])
}

// lastLines is the last n lines that are not empty, at most 4 KiB.
func lastLines(s string, n int) string {
	const most = 4 << 10
	s = strings.TrimSpace(s)
	lines := strings.Split(s, "\n")
	s = strings.Join(lines[max(0, len(lines)-n):], "\n")
	return strings.ToValidUTF8(s[max(0, len(s)-most):], "?")
}
