package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// Journal keeps entries on disk. An error of Write or Delete says that the old text still stands.
type Journal interface {
	Load() ([]*journal.Entry, []journal.Quarantined, error)
	Write(e *journal.Entry) error
	Delete(seedID int64) error
}

var _ Journal = (*journal.Journal)(nil)

// Options of a Runner. Journal, Methods, BackupDir and Hostname are needed.
type Options struct {
	Journal   Journal
	Methods   []method.Method // every method that may have been started here, offered now or not
	BackupDir string
	Hostname  string // the name in the states
	// Notify is told of every change of a stage's status, of what stages say, and of progress at most every FlushEvery. It
	// is called from the stage's goroutine and must not block.
	Notify func(agentapi.SeedStageState)
	Logger *slog.Logger
	// Grace is how long processes have between SIGTERM and SIGKILL; default 5 s.
	Grace time.Duration
	// FlushEvery is how often progress is journaled and told; default 2 s.
	FlushEvery time.Duration
	// KeepReleased is how long a released seed is remembered, so that late calls for it are understood; default 24 h. At
	// most Keep (100) finished or released seeds are remembered.
	KeepReleased time.Duration
	Keep         int
	// Bandwidth bounds what a seed sends, in bytes a second, where neither its terms nor SetBandwidth say something; 0 is no
	// bound.
	Bandwidth int64
	// PostSeedLimit is how long the post-seed command may take; default 5 min.
	PostSeedLimit time.Duration
}

// Runner holds the seeds of one host. Its methods may be called from many goroutines.
type Runner struct {
	o       Options
	methods map[agentapi.Method]method.Method
	log     *slog.Logger

	ctx  context.Context // done when the agent stops
	stop context.CancelCauseFunc
	work sync.WaitGroup // stages and the flusher

	mu    sync.Mutex
	seeds map[int64]*seed
	// fences are those of seeds that were never known here.
	fences map[int64]fence
}

// seed is one entry with what runs for it.
type seed struct {
	id int64
	// write is held while the entry is copied and written, so that an older copy never overwrites a newer one. Taken before
	// Runner.mu, never after it.
	write sync.Mutex
	// limit is the bandwidth bound, see Runner.SetBandwidth; read without the lock.
	limit atomic.Int64

	// Guarded by Runner.mu.
	e      *journal.Entry
	run    *run   // the stage or release that runs; nil when none does
	back   *run   // the background that runs, or the last one that ran since the agent's start
	post   *run   // the same of the post-seed command
	secret string // of the stream; never in the journal
	dirty  bool   // the entry changed since it was last written
	moved  bool   // progress changed since it was last told
}

// Open reads the journal, ends what an agent before this one left running, marks its stages as failed, and starts keeping
// the journal. The caller ends it with Stop. An unreadable journal file is logged and put aside; only a journal that cannot
// be listed is an error.
func Open(ctx context.Context, o Options) (*Runner, error) {
	o.Grace = cmp.Or(o.Grace, 5*time.Second)
	o.FlushEvery = cmp.Or(o.FlushEvery, 2*time.Second)
	o.KeepReleased = cmp.Or(o.KeepReleased, 24*time.Hour)
	o.Keep = cmp.Or(o.Keep, 100)
	o.PostSeedLimit = cmp.Or(o.PostSeedLimit, 5*time.Minute)
	if o.Notify == nil {
		o.Notify = func(agentapi.SeedStageState) {}
	}
	r := &Runner{o: o, methods: map[agentapi.Method]method.Method{}, log: cmp.Or(o.Logger, slog.Default()), seeds: map[int64]*seed{}, fences: map[int64]fence{}}
	for _, m := range o.Methods {
		r.methods[m.Name()] = m
	}
	entries, bad, err := o.Journal.Load()
	if err != nil {
		return nil, err
	}
	for _, q := range bad {
		r.log.Error("journal file cannot be read and was put aside", "file", q.Path, "error", q.Err)
	}
	for _, e := range entries {
		s := &seed{id: e.SeedID, e: e}
		s.limitLocked(o.Bandwidth)
		r.seeds[e.SeedID] = s
	}
	if err := r.recover(ctx); err != nil {
		return nil, err
	}
	r.ctx, r.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	r.work.Go(r.flush)
	return r, nil
}

// Stop ends every stage that runs ("agent was stopped"), journals that, and returns when no process is left, or with an
// error when ctx is done first. It may be called again.
func (r *Runner) Stop(ctx context.Context) error {
	r.mu.Lock() // no start is between its look at the context and its run
	r.stop(causeStopped)
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		r.work.Wait()
		close(done)
	}()
	select {
	case <-done:
		return r.flushAll()
	case <-ctx.Done():
		return fmt.Errorf("stop stages: %w", ErrStillRunning)
	}
}

// save writes the entry as it is now.
func (r *Runner) save(s *seed) error {
	s.write.Lock()
	defer s.write.Unlock()
	r.mu.Lock()
	e := s.e.Clone()
	s.dirty = false
	r.mu.Unlock()
	err := r.o.Journal.Write(e)
	if err != nil {
		r.mu.Lock()
		s.dirty = true // the flusher tries again
		r.mu.Unlock()
	}
	return err
}

// flush journals what changed and tells progress, until the agent stops.
func (r *Runner) flush() {
	tick := time.NewTicker(r.o.FlushEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-tick.C:
			if err := r.flushAll(); err != nil {
				r.log.Error("journal cannot be written", "error", err)
			}
		}
	}
}

func (r *Runner) flushAll() error {
	var dirty []*seed
	var tell []agentapi.SeedStageState
	r.mu.Lock()
	for _, s := range r.seeds {
		if s.dirty {
			dirty = append(dirty, s)
		}
		if s.moved && s.run != nil && s.run.isStage() {
			tell = append(tell, r.stateLocked(s, s.run.stage))
		}
		s.moved = false
	}
	r.mu.Unlock()
	for _, state := range tell {
		r.o.Notify(state)
	}
	var errs []error
	for _, s := range dirty {
		errs = append(errs, r.save(s))
	}
	return errors.Join(append(errs, r.prune(time.Now()))...)
}

// prune forgets released seeds that are old, and the oldest finished ones above the bound.
func (r *Runner) prune(now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	idle := r.idleLocked()
	for i, s := range idle {
		old := !s.e.Released.IsZero() && now.Sub(s.e.Released) > r.o.KeepReleased
		if old || len(idle)-i > r.o.Keep {
			delete(r.seeds, s.id)
			errs = append(errs, r.o.Journal.Delete(s.id))
		}
	}
	for id, f := range r.fences {
		if now.Sub(f.at) > r.o.KeepReleased {
			delete(r.fences, id)
		}
	}
	return errors.Join(errs...)
}
