package methodtest

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// Run is the smallest method.Runner: it starts processes in groups of their own and keeps everything in memory. The zero
// value is ready. What an agent's own runner does beyond that (the journal, ending what is left) is tested with that one.
type Run struct {
	// OnProgress, if set, is called with every progress, outside the lock.
	OnProgress func(p agentapi.Progress)
	// OnSay, if set, is called with every line, outside the lock.
	OnSay func(text string)

	mu         sync.Mutex
	said       []string
	remembered map[string][]byte
	progress   []agentapi.Progress
	started    []*exec.Cmd
	limit      int64
	old        []agentapi.OldData
	background *background
}

type background struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

var _ method.Runner = (*Run)(nil)

// Command implements method.Runner; ctx ends the process's group with SIGKILL.
func (r *Run) Command(ctx context.Context, env []string, name string, args ...string) *method.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.Env = append(os.Environ(), env...)
	start := func() error {
		err := c.Start()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.started = append(r.started, c)
		return err
	}
	return &method.Cmd{Cmd: c, StartFn: start, WaitFn: sync.OnceValue(c.Wait)}
}

// Progress implements method.Runner.
func (r *Run) Progress(bytes, total int64, what string) {
	p := agentapi.Progress{Bytes: bytes, Total: total, What: what}
	r.mu.Lock()
	r.progress = append(r.progress, p)
	f := r.OnProgress
	r.mu.Unlock()
	if f != nil {
		f(p)
	}
}

// Say implements method.Runner.
func (r *Run) Say(text string) {
	r.mu.Lock()
	r.said = append(r.said, text)
	f := r.OnSay
	r.mu.Unlock()
	if f != nil {
		f(text)
	}
}

// Remember implements method.Runner.
func (r *Run) Remember(key string, value any) error {
	b, err := json.Marshal(value)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.remembered == nil {
		r.remembered = map[string][]byte{}
	}
	r.remembered[key] = b
	return err
}

// Recall implements method.Runner.
func (r *Run) Recall(key string, value any) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, found := r.remembered[key]
	if !found {
		return false, nil
	}
	return true, json.Unmarshal(b, value)
}

// Background implements method.Runner.
func (r *Run) Background(f func(ctx context.Context, run method.Runner) error) error {
	r.EndBackground()
	ctx, cancel := context.WithCancel(context.Background())
	b := &background{cancel: cancel, done: make(chan struct{})}
	r.mu.Lock()
	r.background = b
	r.mu.Unlock()
	go func() {
		defer close(b.done)
		b.err = f(ctx, r)
	}()
	return nil
}

// EndBackground cancels the background, if there is one, and waits for its end.
func (r *Run) EndBackground() {
	r.mu.Lock()
	b := r.background
	r.mu.Unlock()
	if b != nil {
		b.cancel()
		<-b.done
	}
}

// Join implements method.Runner.
func (r *Run) Join(ctx context.Context) error {
	r.mu.Lock()
	b := r.background
	r.mu.Unlock()
	if b == nil {
		return method.ErrNoBackground
	}
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Limit implements method.Runner.
func (r *Run) Limit() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.limit
}

// SetLimit sets what Limit answers.
func (r *Run) SetLimit(bytesPerSecond int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit = bytesPerSecond
}

// OldData implements method.Runner.
func (r *Run) OldData(state agentapi.OldData, _ string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.old = append(r.old, state)
	return nil
}

// OldDataSaid is every state that was told, in order.
func (r *Run) OldDataSaid() []agentapi.OldData {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]agentapi.OldData(nil), r.old...)
}

// Text is everything that was said, a line each.
func (r *Run) Text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.said, "\n")
}

// Progressed is every progress that was told, in order.
func (r *Run) Progressed() []agentapi.Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]agentapi.Progress(nil), r.progress...)
}

// Started is every process that was started, in order.
func (r *Run) Started() []*exec.Cmd {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*exec.Cmd(nil), r.started...)
}
