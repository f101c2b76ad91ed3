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

	// Terms are those of the newest start that had any, without the stream's secret, which never reaches the disk.
	Terms *agentapi.SeedTerms `json:",omitempty"`
	// Bandwidth is the bound in bytes a second that was asked for; nil: as configured.
	Bandwidth *int64 `json:",omitempty"`
	// OldData is what became of the target's old data, and OldDataAt where it is kept.
	OldData   agentapi.OldData `json:",omitempty"`
	OldDataAt string           `json:",omitempty"`

	Background *Background `json:",omitempty"`

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

// Background is the receiving end that a stage opened and that outlives it. While Ended is zero it runs, or was cut off.
type Background struct {
	Attempt   int64
	Boot      string // the boot of the host on which it was started
	Started   time.Time
	Ended     time.Time `json:",omitzero"`
	Error     string    `json:",omitempty"` // "": it ended well
	ErrorCode string    `json:",omitempty"`
	Hint      string    `json:",omitempty"`
	Permanent bool      `json:",omitempty"`
}

// PostSeed is what became of the post-seed command. While At is zero it runs, or was cut off.
type PostSeed struct {
	Started time.Time `json:",omitzero"`
	At      time.Time `json:",omitzero"` // its end
	Output  string
	Error   string `json:",omitempty"`
}

// Clone copies the entry deeply enough to be written while the original changes.
func (e *Entry) Clone() *Entry {
	c := *e
	c.Stages = make(map[agentapi.Stage]*Stage, len(e.Stages))
	for k, s := range e.Stages {
		t := *s
		t.Said, t.Tools = slices.Clone(s.Said), slices.Clone(s.Tools)
		t.Progress = copyOf(s.Progress)
		c.Stages[k] = &t
	}
	c.Groups, c.Memory = slices.Clone(e.Groups), maps.Clone(e.Memory)
	c.Terms, c.Bandwidth = copyOf(e.Terms), copyOf(e.Bandwidth)
	if c.Terms != nil {
		c.Terms.Bandwidth = copyOf(c.Terms.Bandwidth)
	}
	c.Background, c.PostSeed = copyOf(e.Background), copyOf(e.PostSeed)
	return &c
}

func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
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
	if e.OldData != "" {
		_, err := agentapi.ParseOldData(string(e.OldData))
		errs = append(errs, err)
	}
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
