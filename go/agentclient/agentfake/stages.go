package agentfake

import (
	"fmt"
	"slices"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Outcome says how one start of a stage goes.
type Outcome struct {
	// Polls is how many times the stage is reported as Running before it ends; negative: until Complete or Fail.
	Polls int
	// Fail is the text of the error in which it ends; "": it completes.
	Fail      string
	Code      string
	Hint      string
	Permanent bool
	// Bytes is the progress at each poll; the last one stays. Agents of others send none.
	Bytes []int64
	Total int64
	// OldData is what the target says of its old data from then on, and OldDataAt where it is kept.
	OldData   agentapi.OldData
	OldDataAt string
	// Unit is of Bytes and Total.
	Unit string
}

// After is a stage that completes after n polls that found it running.
func After(n int) Outcome { return Outcome{Polls: n} }

// FailAfter is a stage that fails after n polls that found it running.
func FailAfter(n int, text string) Outcome { return Outcome{Polls: n, Fail: text} }

// OnDemand is a stage that runs until Complete or Fail is called.
func OnDemand() Outcome { return Outcome{Polls: -1} }

// Script sets how the next starts of the stage go, one outcome a start; the last one stays. Unscripted stages are found
// completed at the first poll.
func (a *Agent) Script(stage agent.Stage, outcomes ...Outcome) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.scripts[stage] = slices.Clone(outcomes)
}

// seed is what the agent remembers of one.
type seed struct {
	method agent.Method
	side   agent.Side
	works  map[agent.Stage]*work
	held   bool // files, receivers and such are there
	// receives: a receiving end is open, since Prepare on the target of a method whose backup runs on the source.
	receives  bool
	limit     *int64 // bandwidth that was set
	oldData   agentapi.OldData
	oldDataAt string
}

// work is the last start of a stage.
type work struct {
	attempt int64
	out     Outcome
	polls   int
	status  agent.Status
	at      time.Time
	details string
	bytes   int64
	total   int64
}

// begin starts a stage; it needs the lock.
func (a *Agent) begin(id int64, s *seed, stage agent.Stage, attempt int64) {
	key := start{id, stage, attempt}
	if w := s.works[stage]; w != nil && w.status == agentapi.Running {
		a.doubled = append(a.doubled, key)
	}
	a.starts[key]++
	w := &work{attempt: attempt, status: agentapi.Running, at: a.opts.Now(), details: "Running " + string(stage)}
	if queue := a.scripts[stage]; len(queue) > 0 {
		w.out = queue[0]
		if len(queue) > 1 {
			a.scripts[stage] = queue[1:]
		}
	}
	w.total = w.out.Total
	s.works[stage], s.held = w, true
	if w.out.OldData != "" {
		s.oldData, s.oldDataAt = w.out.OldData, w.out.OldDataAt
	}
	a.receive(s, stage, w)
}

// poll moves the stage on as scripted and returns its state; it needs the lock.
func (a *Agent) poll(id int64, s *seed, stage agent.Stage) agentapi.SeedStageState {
	w := s.works[stage]
	if n := len(w.out.Bytes); n > 0 && w.status == agentapi.Running {
		w.bytes = w.out.Bytes[min(w.polls, n-1)]
	}
	if w.status == agentapi.Running && w.out.Polls >= 0 && w.polls >= w.out.Polls {
		a.end(s, stage, w.out.Fail)
	}
	w.polls++
	return a.stateOf(id, s, stage)
}

func (a *Agent) stateOf(id int64, s *seed, stage agent.Stage) agentapi.SeedStageState {
	w := s.works[stage]
	st := agentapi.SeedStageState{SeedID: id, Stage: stage, Hostname: a.opts.Hostname, Timestamp: w.at, Status: w.status, Details: w.details}
	if a.opts.V2 {
		return st
	}
	st.Attempt, st.OldData, st.OldDataAt = w.attempt, s.oldData, s.oldDataAt
	if w.total > 0 || w.bytes > 0 {
		st.Progress = &agentapi.Progress{Bytes: w.bytes, Total: w.total, Unit: w.out.Unit}
	}
	if w.status == agentapi.Error {
		st.ErrorCode, st.Hint, st.Permanent = w.out.Code, w.out.Hint, w.out.Permanent
	}
	return st
}

// end ends what runs, well if failure is empty; it needs the lock.
func (a *Agent) end(s *seed, stage agent.Stage, failure string) {
	w := s.works[stage]
	w.at, w.status, w.details = a.opts.Now(), agentapi.Completed, "Stage completed"
	if stage == agentapi.Backup {
		s.receives = false
	}
	if failure != "" {
		w.status, w.details = agentapi.Error, failure
		return
	}
	if stage == agentapi.Cleanup {
		s.held = false
	}
}

// Complete ends that stage of whatever seed runs it here; false when none does.
func (a *Agent) Complete(stage agent.Stage) bool { return a.finish(stage, "") }

// Fail ends that stage with an error; false when none runs.
func (a *Agent) Fail(stage agent.Stage, text string) bool { return a.finish(stage, text) }

func (a *Agent) finish(stage agent.Stage, failure string) bool {
	defer a.tell()
	a.mu.Lock()
	defer a.mu.Unlock()
	found := false
	for id, s := range a.seeds {
		if w := s.works[stage]; w != nil && w.status == agentapi.Running {
			a.end(s, stage, failure)
			a.after = append(a.after, a.stateOf(id, s, stage))
			found = true
		}
	}
	return found
}

// Progress sets how far that stage is, for whatever seed runs it; false when none does.
func (a *Agent) Progress(stage agent.Stage, bytes, total int64) bool {
	return a.ProgressIn(stage, bytes, total, "")
}

// ProgressIn is Progress in another unit than bytes.
func (a *Agent) ProgressIn(stage agent.Stage, bytes, total int64, unit string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	found := false
	for _, s := range a.seeds {
		if w := s.works[stage]; w != nil && w.status == agentapi.Running {
			w.bytes, w.total, w.out.Bytes, w.out.Unit = bytes, total, nil, unit
			found = true
		}
	}
	return found
}

// Running names what runs: "7/Backup".
func (a *Agent) Running() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var names []string
	for id, s := range a.seeds {
		for stage, w := range s.works {
			if w.status == agentapi.Running {
				names = append(names, fmt.Sprintf("%d/%s", id, stage))
			}
		}
	}
	slices.Sort(names)
	return names
}

// Holds says whether something of the seed is still on this host: it was started and neither cleaned up nor released.
func (a *Agent) Holds(seedID int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.seeds[seedID]
	return s != nil && s.held
}

// Released says whether release-seed was confirmed for the seed.
func (a *Agent) Released(seedID int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.freed, seedID)
}
