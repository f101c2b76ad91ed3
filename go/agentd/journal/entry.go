package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/procgroup"
)

// Entry is everything the agent knows of one seed.
type Entry struct {
	SeedID int64
	Method agentapi.Method
	Side   agentapi.Side
	Dir    string // the seed's directory for the method
	// Mark is in the environment of every process that was started for the seed, see procgroup.Mark.
	Mark            procgroup.Mark
	PeerHost        string `json:",omitempty"`
	SourceMySQLPort int    `json:",omitempty"`

	// Attempt is the newest attempt that was started; 0 when only callers without attempts spoke. Starts with an attempt
	// at or below Fence are refused: it was aborted before it came.
	Attempt int64
	Fence   int64 `json:",omitempty"`

	Stages map[agentapi.Stage]*Stage
	Groups []Group                    `json:",omitempty"`
	Memory map[string]json.RawMessage `json:",omitempty"`

	PostSeed *PostSeed `json:",omitempty"`
	Released time.Time `json:",omitzero"` // when it was released; zero while it holds something
	Created  time.Time
	Updated  time.Time
}

// Stage is how one stage stands.
type Stage struct {
	Status    agentapi.Status // Running, Completed or Error
	Details   string
	Attempt   int64
	Boot      string // the boot of the host on which it was started
	Started   time.Time
	Changed   time.Time
	Progress  *agentapi.Progress `json:",omitempty"`
	ErrorCode string             `json:",omitempty"`
	Hint      string             `json:",omitempty"`
	Permanent bool               `json:",omitempty"`
	Said      []Line             `json:",omitempty"`
	Tools     []Tool             `json:",omitempty"` // the newest ones, oldest first
}

// Line is one sentence that a stage said.
type Line struct {
	At   time.Time
	Text string
}

// Tool is what a program of a stage left on its stderr.
type Tool struct {
	Name   string // the program, without arguments
	Ended  string // "exit status 1"; "" when it ended well
	Stderr string // the tail
}

// Group is a process group that belongs to the seed. PGID 0 is the intent to start one.
type Group struct {
	procgroup.Group
	Stage   string
	Attempt int64
	Tool    string
}

// PostSeed is what became of the post-seed command.
type PostSeed struct {
	At     time.Time
	Output string
	Error  string `json:",omitempty"`
}

// Clone copies the entry deeply enough to be written while the original changes.
func (e *Entry) Clone() *Entry {
	c := *e
	c.Stages = make(map[agentapi.Stage]*Stage, len(e.Stages))
	for k, s := range e.Stages {
		t := *s
		t.Said, t.Tools = slices.Clone(s.Said), slices.Clone(s.Tools)
		if s.Progress != nil {
			p := *s.Progress
			t.Progress = &p
		}
		c.Stages[k] = &t
	}
	c.Groups, c.Memory = slices.Clone(e.Groups), maps.Clone(e.Memory)
	if e.PostSeed != nil {
		p := *e.PostSeed
		c.PostSeed = &p
	}
	return &c
}

// parse reads an entry and refuses what no agent could have written.
func parse(b []byte) (*Entry, error) {
	var e Entry
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, err
	}
	if e.SeedID <= 0 {
		return nil, fmt.Errorf("seed ID %d", e.SeedID)
	}
	_, errMethod := agentapi.ParseMethod(string(e.Method))
	_, errSide := agentapi.ParseSide(string(e.Side))
	errs := []error{errMethod, errSide}
	for name, s := range e.Stages {
		if _, err := agentapi.ParseStage(string(name)); err != nil || s == nil {
			errs = append(errs, fmt.Errorf("stage %q: %w", name, cmpErr(err)))
			continue
		}
		if s.Status != agentapi.Running && s.Status != agentapi.Completed && s.Status != agentapi.Error {
			errs = append(errs, fmt.Errorf("stage %s has status %q", name, s.Status))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if e.Stages == nil {
		e.Stages = map[agentapi.Stage]*Stage{}
	}
	return &e, nil
}

func cmpErr(err error) error {
	if err == nil {
		return errors.New("is null")
	}
	return err
}
