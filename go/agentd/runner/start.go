package runner

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/procgroup"
)

// StartRequest asks for one stage.
type StartRequest struct {
	SeedID int64
	Stage  agentapi.Stage
	Method agentapi.Method
	Side   agentapi.Side // "" where the caller cannot say (Backup, Restore)
	// Attempt grows over the life of a seed. 0 is a caller that knows no attempts: a stage that runs or is completed is
	// left as it is, any other is started.
	Attempt int64
	// PeerHost and SourceMySQLPort come with Backup.
	PeerHost        string
	SourceMySQLPort int
	// Terms come with Prepare and Backup from our own service; nil from others.
	Terms *agentapi.SeedTerms
}

// Start accepts or refuses a stage and returns without waiting for it; already says that it had been accepted before. A
// Prepare makes the seed known. Errors: ErrUnknownSeed, ErrStale, ErrBusy, ErrMismatch, ErrUnavailable, ErrStopped, and
// those of the journal; on an error nothing was started.
func (r *Runner) Start(q StartRequest) (already bool, err error) {
	boot, err := procgroup.BootID()
	if err != nil {
		return false, err
	}
	r.mu.Lock()
	if r.ctx.Err() != nil {
		r.mu.Unlock()
		return false, refuse(ErrStopped, "agent is stopping")
	}
	s, old, already, err := r.admit(q)
	if already || err != nil {
		r.mu.Unlock()
		return already, err
	}
	u, prev := r.beginLocked(s, q, boot)
	r.work.Add(1)
	state := r.stateLocked(s, q.Stage)
	r.mu.Unlock()

	if err := r.save(s); err != nil {
		err = fmt.Errorf("start %s of seed %d: %w", q.Stage, q.SeedID, err)
		go func() {
			defer r.work.Done()
			r.end(u, errors.Join(err, r.makeRoom(u.ctx, prev, nil))) // what it took the place of was told to end
		}()
		return false, err
	}
	r.o.Notify(state)
	go func() {
		defer r.work.Done()
		r.execute(u, prev, old)
	}()
	return false, nil
}

// admit decides; it returns the seed and, for a Prepare, the seeds to be released before.
func (r *Runner) admit(q StartRequest) (s *seed, old []*seed, already bool, err error) {
	if r.methods[q.Method] == nil {
		return nil, nil, false, refuse(ErrUnavailable, "method %s is not available on this agent", q.Method)
	}
	s = r.seeds[q.SeedID]
	if s != nil {
		fresh, already, err := r.admitKnown(s, q)
		if already || err != nil {
			return nil, nil, already, err
		}
		if fresh {
			s = nil
		}
	} else if f := r.fences[q.SeedID]; q.Attempt != 0 && q.Attempt <= f.attempt {
		return nil, nil, false, refuse(ErrStale, "attempt %d of seed %d is over: it was aborted or released before it came", q.Attempt, q.SeedID)
	}
	if q.Stage == agentapi.Prepare {
		if old, err = r.admitBeside(q); err != nil {
			return nil, nil, false, err
		}
	}
	if s == nil {
		if q.Stage != agentapi.Prepare {
			return nil, nil, false, ErrUnknownSeed
		}
		s = r.newSeed(q)
	}
	return s, old, false, nil
}

// admitKnown looks at the seed's own past. fresh: what is known of it is over, a new life begins.
func (r *Runner) admitKnown(s *seed, q StartRequest) (fresh, already bool, err error) {
	released := !s.e.Released.IsZero()
	if q.Attempt != 0 && (q.Attempt < s.e.Attempt || q.Attempt <= s.e.Fence || released && q.Attempt <= s.e.Attempt) {
		return false, false, refuse(ErrStale, "attempt %d of seed %d is over (attempt %d was started, %d aborted)", q.Attempt, q.SeedID, s.e.Attempt, s.e.Fence)
	}
	if s.run != nil && !s.run.isStage() {
		return false, false, refuse(ErrBusy, "seed %d is being released on this host", q.SeedID)
	}
	if released {
		if q.Stage != agentapi.Prepare {
			return false, false, ErrUnknownSeed
		}
		return true, false, nil
	}
	if q.Method != s.e.Method || q.Side != "" && q.Side != s.e.Side {
		return false, false, refuse(ErrMismatch, "seed %d is a %s seed with this host as %s here, not %s %s", q.SeedID, s.e.Method, s.e.Side, q.Method, q.Side)
	}
	st := s.e.Stages[q.Stage]
	if q.Attempt != 0 && (q.Attempt > s.e.Attempt || s.run == nil || s.run.stage == q.Stage) {
		return false, st != nil && st.Attempt == q.Attempt, nil
	}
	if s.run != nil && s.run.stage != q.Stage {
		return false, false, refuse(ErrBusy, "seed %d is in %s on this host", q.SeedID, s.run.stage)
	}
	// A caller without attempts begins anew after a failed backup, of which a target may know only that its receiving end
	// is closed.
	again := q.Stage == agentapi.Prepare && (s.failed() || s.receivedLocked())
	return false, st != nil && st.Status != agentapi.Error && (!again || s.run != nil), nil
}

// admitBeside looks at the other seeds of the host: one that runs is in the way, one that is over is released first.
// Several seeds may read from one source, so there only a failed or finished one is let go.
func (r *Runner) admitBeside(q StartRequest) (old []*seed, err error) {
	for _, o := range r.seeds {
		if o.id == q.SeedID || !o.e.Released.IsZero() {
			continue
		}
		if u := o.workLocked(); u != nil {
			return nil, refuse(ErrBusy, "host works for seed %d, which is in %s (attempt %d); abort or release that one first", o.id, u.stage, u.attempt)
		}
		if o.post.running() {
			continue // it holds nothing else
		}
		if q.Side == agentapi.Target || o.e.Side == agentapi.Target || o.finished() || o.failed() {
			old = append(old, o)
		}
	}
	slices.SortFunc(old, func(a, b *seed) int { return int(min(1, max(-1, a.id-b.id))) })
	return old, nil
}

func (r *Runner) newSeed(q StartRequest) *seed {
	id := strconv.FormatInt(q.SeedID, 10)
	e := &journal.Entry{
		SeedID: q.SeedID, Method: q.Method, Side: q.Side, Created: time.Now(),
		Dir:    filepath.Join(r.o.BackupDir, "seed-"+id),
		Mark:   procgroup.Mark("ORCHESTRATOR_AGENT_SEED=" + id + "-" + rand.Text()),
		Stages: map[agentapi.Stage]*journal.Stage{}, Memory: map[string]json.RawMessage{},
	}
	s := r.seeds[q.SeedID]
	if s == nil {
		s = &seed{id: q.SeedID}
		r.seeds[q.SeedID] = s
	} else { // released before; its attempts stay over
		e.Attempt, e.Fence = s.e.Attempt, s.e.Fence
	}
	s.e, s.back, s.post, s.secret = e, nil, nil, ""
	s.limitLocked(r.o.Bandwidth)
	return s
}

// beginLocked makes the run the seed's current one and the stage Running. What ran before and is in its way is told to end.
func (r *Runner) beginLocked(s *seed, q StartRequest, boot string) (u *run, prev []*run) {
	now := time.Now()
	if q.Attempt != 0 {
		s.e.Attempt = q.Attempt
	}
	s.takeTermsLocked(q)
	s.limitLocked(r.o.Bandwidth)
	over := causeSuperseded(q.Stage, q.Attempt)
	if old := s.run; old != nil {
		prev = append(prev, old)
		old.cancel(over)
		if st := s.e.Stages[old.stage]; old.stage != q.Stage && st != nil && st.Status == agentapi.Running {
			st.Status, st.Changed, st.Details, st.ErrorCode = agentapi.Error, now, over.Error(), "superseded"
		}
	}
	if b := s.back; b.running() && (q.Stage == agentapi.Prepare || q.Stage == agentapi.Cleanup) {
		prev = append(prev, b)
		b.cancel(over)
	}
	if p := s.post; p.running() {
		prev = append(prev, p)
		p.cancel(over)
	}
	later := agentapi.Stages[slices.Index(agentapi.Stages, q.Stage):]
	for _, stage := range later {
		delete(s.e.Stages, stage)
	}
	s.e.Stages[q.Stage] = &journal.Stage{
		Status: agentapi.Running, Details: runningText[q.Stage], Attempt: s.e.Attempt, Boot: boot, Started: now, Changed: now,
	}
	s.e.Updated = now
	u = r.newRun(s, q.Stage, s.e.Attempt)
	s.run = u
	return u, prev
}

var runningText = map[agentapi.Stage]string{
	agentapi.Prepare: "Running prepare", agentapi.Backup: "Running backup", agentapi.Restore: "Running restore",
	agentapi.ConnectSlave: "Running connect", agentapi.Cleanup: "Running cleanup",
}
