package datadir

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// Options of a Keeper. Host and StateDir are needed.
type Options struct {
	Host     *host.Host
	StateDir string // where the layout of the server that ran last is noted
	// AllowErase lets Begin erase the old data where the disk can't hold both.
	AllowErase bool
	Logger     *slog.Logger
}

// Part is a directory outside the data directory that holds a part of the data, and the variable that names it.
type Part struct {
	Variable string
	Path     string
}

// Layout is where the server's data are.
type Layout struct {
	DataDir string // as configured
	Real    string // without links
	Mount   bool   // Real is a mount point
	Parts   []Part
	UID     int
	GID     int
	Mode    fs.FileMode // of the data directory
	Version string      // as SELECT VERSION() gives it; "" when it is not known
	Running bool
}

// Place is where the new data is received.
type Place struct {
	// Receive is an empty directory, owner and mode as the data directory's. What is in it when Swap is called becomes the
	// data: one flat directory, as without any separate directories.
	Receive string
	Keeps   bool // the old data stays until Drop; else it was erased
	Layout  Layout
}

// Keeper keeps the old data of a target until the new is proven. It holds no state of its own: everything is in the seed's
// journal (Work.Run) and on the disk. For one seed one method at a time.
type Keeper struct {
	o   Options
	log *slog.Logger
}

// New makes a Keeper; nothing is looked at yet.
func New(o Options) *Keeper { return &Keeper{o: o, log: cmp.Or(o.Logger, slog.Default())} }

var errSoon = errors.New("not built yet")

// Layout asks the running server, and notes its answer in StateDir. Of a server that is down it tells that note, else what
// the server's program says of its configuration, else an error with a hint.
func (k *Keeper) Layout(ctx context.Context) (Layout, error) { return Layout{}, errSoon }

// Begin is for Prepare on the target: it decides whether the old data can be kept beside need bytes (0: not known, keep),
// makes the empty directory into which the new data is received, and journals the plan. Keeping leaves MySQL running;
// erasing (only with AllowErase) stops MySQL and empties the directories. An error leaves everything as it was. A second
// Begin removes what an earlier attempt received.
func (k *Keeper) Begin(ctx context.Context, w *method.Work, need int64) (*Place, error) {
	return nil, errSoon
}

// Place is what Begin journaled.
func (k *Keeper) Place(w *method.Work) (*Place, error) { return nil, errSoon }

// Swap is for Restore, after the new data was proven and prepared: it stops MySQL, moves the old data aside and the new
// in, starts MySQL and waits until it answers. After an error or a crash anywhere a further Swap goes on, or PutBack
// undoes it.
func (k *Keeper) Swap(ctx context.Context, w *method.Work) error { return errSoon }

// PutBack is for Release before the new data was proven: the old data is the server's again, the server runs if it ran
// before, and nothing is left. It may be called again, and when Begin was never called.
func (k *Keeper) PutBack(ctx context.Context, w *method.Work) error { return errSoon }

// Drop is for Cleanup, when the new data is proven: the old data is removed. From its start on PutBack keeps the new.
func (k *Keeper) Drop(ctx context.Context, w *method.Work) error { return errSoon }
