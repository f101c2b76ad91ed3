package runner

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
)

const postSeedOutput = 64 << 10 // bytes of its output that the caller gets, the last ones

// PostSeed runs the post-seed command, an argument vector, once for a seed: a second call waits for the first one's, or
// gets its output, unless that failed. The command is a run of its own that goes on when ctx is done (ErrStillRunning); a
// release, an abort of Cleanup, the seed's next stage and the end of the agent end it with all its processes. What it leaves
// running after it has ended well is left alone. No args: there is no command, and nothing is done. ErrUnknownSeed, ErrBusy, ErrStopped.
func (r *Runner) PostSeed(ctx context.Context, seedID int64, args []string) (string, error) {
	u, output, err := r.postSeed(seedID, args)
	if err != nil || u == nil {
		return output, err
	}
	if err := u.wait(ctx); err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return u.output, u.err
}

// postSeed finds the run that is under way or starts one; nil with the output when that is known.
func (r *Runner) postSeed(seedID int64, args []string) (u *run, output string, err error) {
	r.mu.Lock()
	s := r.heldLocked(seedID)
	if s == nil {
		r.mu.Unlock()
		return nil, "", ErrUnknownSeed
	}
	if len(args) == 0 {
		defer r.mu.Unlock()
		return nil, "", nil
	}
	if s.post.running() {
		defer r.mu.Unlock()
		return s.post, "", nil
	}
	if p := s.e.PostSeed; p != nil && !p.At.IsZero() && p.Error == "" {
		defer r.mu.Unlock()
		return nil, p.Output, nil
	}
	if s.run != nil {
		defer r.mu.Unlock()
		return nil, "", refuse(ErrBusy, "seed %d is in %s on this host", seedID, s.run.stage)
	}
	if r.ctx.Err() != nil {
		defer r.mu.Unlock()
		return nil, "", refuse(ErrStopped, "agent is stopping")
	}
	u = r.newRun(s, runPostSeed, s.e.Attempt)
	s.post = u
	s.e.PostSeed = &journal.PostSeed{Started: time.Now()}
	r.work.Add(1)
	r.mu.Unlock()
	if err := r.save(s); err != nil {
		r.endPostSeed(u, "", err)
		r.work.Done()
		return nil, "", err
	}
	go func() {
		defer r.work.Done()
		out := newTail(postSeedOutput)
		err := u.guard(func(ctx context.Context) error { return u.runPostSeed(ctx, out, args) })
		r.endPostSeed(u, out.String(), err)
	}()
	return u, "", nil
}

// runPostSeed runs the command within its time.
func (u *run) runPostSeed(ctx context.Context, out *tail, args []string) error {
	const afterOutput = 3 * time.Second // how long what it left running may keep its output
	limit := u.r.o.PostSeedLimit
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("was ended after %v", limit))
	defer cancel()
	c := u.command(ctx, nil, args[0], args[1:])
	c.Stdout, c.WaitDelay = out, afterOutput
	err := c.Run()
	if errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil {
		err = nil
	}
	if err == nil {
		u.mu.Lock()
		u.leave = true
		u.mu.Unlock()
	}
	return err
}

func (r *Runner) endPostSeed(u *run, out string, err error) {
	if err != nil {
		var c *cause
		if errors.As(context.Cause(u.ctx), &c) {
			err = fmt.Errorf("post-seed command was ended: %w", c)
		}
	}
	r.mu.Lock()
	u.over, u.output, u.err = true, out, err
	p := u.s.e.PostSeed
	p.At, p.Output, p.Error = time.Now(), out[max(0, len(out)-longestTail):], ""
	if err != nil {
		p.Error = err.Error()
	}
	u.s.e.Updated, u.s.dirty = p.At, true
	r.mu.Unlock()
	if serr := r.save(u.s); serr != nil {
		r.log.Error("journal cannot be written; it is tried again", "seed", u.s.id, "error", serr)
	}
	u.cancel(nil)
	close(u.done)
}
