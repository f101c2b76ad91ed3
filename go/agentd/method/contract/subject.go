package contract

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// Subject is a method that is held to the contract.
type Subject struct {
	Name agentapi.Method
	// BackupSide is as in the method's offer. With Source the target takes part in Backup too, as the receiving end.
	BackupSide agentapi.Side
	// Make makes the method for a box. It is called in the box's own process, so all it knows must be in the Box.
	Make func(b Box) (method.Method, error)
	// World makes a source that holds data, and a target. Everything it makes ends with the test.
	World func(t *testing.T) World
	// Empties says that Restore removes the old data before it loads the new: one that was cut off leaves the target empty,
	// or, at its very end, with the whole new data.
	Empties bool
	// Plain says that the method also works with a service and agents of others: no terms, no Backup on the target.
	Plain bool
	// Tools are the programs to be broken.
	Tools []Tool
	// Moments is how many aborts, and how many kills of an agent, are tried; default 8 each.
	Moments int
}

// Tool is a program that a method runs.
type Tool struct {
	Side agentapi.Side
	Name string // as it is looked up in PATH
	// When is a word of its arguments by which the call is known that is to go wrong; other calls, such as --version, go well.
	// "": every call.
	When string
	// Pipe says where its data go: an end of it can be cut.
	Pipe Pipe
}

// Pipe is where a tool's data go.
type Pipe string

const (
	NoPipe Pipe = ""       // from and to files or a connection
	Writes Pipe = "writes" // to its stdout
	Reads  Pipe = "reads"  // from its stdin
)

// World is a source with data and a target, over and over: after each seed, good or bad, another one follows.
type World interface {
	// Box says where the agent of that side works. Its Dir is set by Run.
	Box(side agentapi.Side) Box
	// Reset gives the target old data that can be told from those of every earlier Reset, and remembers what is there.
	Reset(ctx context.Context) error
	// Old fails unless the target is in use with the old data of the last Reset.
	Old(ctx context.Context) error
	// Empty fails unless the target is in use and plainly holds nothing of anyone; only for a Subject that Empties.
	Empty(ctx context.Context) error
	// New fails unless the target is in use with exactly the source's data.
	New(ctx context.Context) error
	// Beside fails when there is something beside the target's data that was not there at the last Reset.
	Beside(ctx context.Context) error
	// Source fails unless the source is in use as it was: no lock, nothing changed.
	Source(ctx context.Context) error
}

// Box is where one agent works. It is handed to the agent's process as JSON.
type Box struct {
	Side     agentapi.Side
	Dir      string // the agent's own directory
	Host     string // its address, to which the data port is bound
	DataPort int
	MySQL    host.MySQLOptions
	// StartCommand and the others control MySQL, see host.Options.
	StartCommand, StopCommand, StatusCommand []string
	// Service is a text that the command lines of MySQL's own processes hold, and no tool's that is to end with a seed: the
	// agent starts MySQL, and it may go on.
	Service string
	// Extra is what else a Subject's Make wants to know.
	Extra map[string]string
}

// BackupDir is the agent's backup directory.
func (b Box) BackupDir() string { return filepath.Join(b.Dir, "backup") }

// StateDir is the agent's state directory.
func (b Box) StateDir() string { return filepath.Join(b.Dir, "state") }

// NewHost is the agent's host.
func (b Box) NewHost() *host.Host {
	return host.New(host.Options{
		MySQL: host.NewMySQL(b.MySQL), BackupDir: b.BackupDir(),
		StartCommand: b.StartCommand, StopCommand: b.StopCommand, StatusCommand: b.StatusCommand,
	})
}
