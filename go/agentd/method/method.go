package method

import (
	"context"
	"errors"
	"os/exec"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Method is one way to copy a server, seen from the agent. Its stage functions run in a goroutine of the runner's, one at a
// time for a seed; they return when the stage is over, and must return soon after ctx is done (the runner has by then
// ended every process group started through Work.Command). Everything they leave behind must be something that Release
// removes. A stage may be started again with a newer attempt at any time after it returned, also after the agent was killed
// in the middle of it: it starts from the beginning and must cope with what the killed one left.
type Method interface {
	Name() agentapi.Method
	// Offer says whether the method can be used on this host now (tools there and fitting the server), and how; the error
	// says why not, for the log and `orchestrator-agent check`.
	Offer(ctx context.Context) (agentapi.MethodOffer, error)
	Prepare(ctx context.Context, w *Work) error
	Backup(ctx context.Context, w *Work) error
	Restore(ctx context.Context, w *Work) error
	Cleanup(ctx context.Context, w *Work) error
	// Metadata reads where the copy stands; called after Restore, also by an agent that was restarted since.
	Metadata(ctx context.Context, w *Work) (agentapi.Metadata, error)
	// Release removes everything the seed left on this side, whatever stage it ended in; it may be called again, and on a
	// side where nothing was ever done.
	Release(ctx context.Context, w *Work) error
}

// Work is what a stage works with. Its fields are constant during a call.
type Work struct {
	SeedID  int64
	Attempt int64
	Side    agentapi.Side
	// PeerHost is the other host's name and SourceMySQLPort the source's MySQL port; a service of others tells them in Backup
	// only, so in Prepare they may be "" and 0.
	PeerHost        string
	SourceMySQLPort int
	// Terms is what our service told besides; the zero value from a service of others. From Backup on they are those of the
	// newest start that had any.
	Terms agentapi.SeedTerms
	// Dir is a directory of this seed's own inside the backup directory (backup-dir/seed-<id>), made by the runner before
	// Prepare, mode 0700, removed by the runner after Release and after a completed Cleanup.
	Dir string
	Run Runner
}

// Runner is what the runner does for a method during one stage. Every method of it may be called from many goroutines.
type Runner interface {
	// Command makes a process in a process group of its own that is in the journal before it is started, and is killed
	// with its whole group when the stage ends or the seed is aborted. Stderr is kept (the last 64 KiB) unless c.Stderr is
	// set by the caller. env is added to the agent's own environment. No shell is used.
	Command(ctx context.Context, env []string, name string, args ...string) *Cmd
	// Progress records bytes so far and to come; calls are cheap.
	Progress(bytes, total int64, what string)
	// Say records a line for people in the seed's history ("dumping 12 schemas from 127.0.0.11:3306").
	Say(text string)
	// Remember and Recall keep a small JSON value with the seed in the journal, across stages and restarts; e.g. what has
	// to be put back. Remember has reached the disk when it returns.
	Remember(key string, value any) error
	Recall(key string, value any) (found bool, err error)
	// Background starts f in a run of its own that goes on when this stage has ended: the receiving end that Prepare opens
	// and Backup waits for. A seed has one at most; a new one first ends the one before. Its ctx is done, and what it started
	// through its Runner is ended, when the Prepare or Backup fails that runs meanwhile, when Prepare, Backup or Restore is
	// aborted, when a newer Prepare or Cleanup starts, when the seed is released, and when the agent stops. Its Progress and
	// Say go to the Backup stage when that runs here, else to Prepare. It is in the journal when Background returns.
	Background(f func(ctx context.Context, run Runner) error) error
	// Join waits until the background has ended and returns its error; ctx bounds the waiting only. It may be called in any
	// stage and again. An agent that was restarted since says with a StageError (agent-restarted, host-restarted) that the
	// background was cut off; one that had ended before is remembered. ErrNoBackground when none was ever started.
	Join(ctx context.Context) error
	// Limit is the bandwidth bound of the seed now, in bytes a second; 0 is none. It changes while a stage runs and is cheap
	// to ask.
	Limit() int64
	// OldData tells what became of the target's old data, and where it is kept; it has reached the journal when it returns.
	OldData(state agentapi.OldData, at string) error
}

// ErrNoBackground is an answer of Runner.Join.
var ErrNoBackground = errors.New("no receiving end was opened for this seed")

// Cmd is an exec.Cmd under the runner's care: use Start and Wait (or Run) of this type.
type Cmd struct {
	*exec.Cmd
	StartFn func() error // set by the runner
	WaitFn  func() error
}

// Start journals and starts the process.
func (c *Cmd) Start() error { return c.StartFn() }

// Wait waits for it; the error holds the exit status, or the signal, and the end of its stderr.
func (c *Cmd) Wait() error { return c.WaitFn() }

// Run is Start and Wait.
func (c *Cmd) Run() error {
	if err := c.Start(); err != nil {
		return err
	}
	return c.Wait()
}

// StageError is an error of a stage with what a person needs. Errors of other types are shown as they are with the code
// "stage-failed".
type StageError struct {
	Code      string // lower-case-with-dashes; listed in docs/troubleshooting.md
	Text      string
	Hint      string
	Permanent bool // the same again cannot help
	Err       error
}

func (e *StageError) Error() string {
	if e.Err == nil {
		return e.Text
	}
	if e.Text == "" {
		return e.Err.Error()
	}
	return e.Text + ": " + e.Err.Error()
}

func (e *StageError) Unwrap() error { return e.Err }
