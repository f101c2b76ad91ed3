package datadir

import (
	"cmp"
	"context"
	"log/slog"
	"time"

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

// Keeper keeps the old data of a target until the new is proven. It holds no state of its own: everything is in the seed's
// journal (Work.Run) and on the disk. For one seed one method at a time.
type Keeper struct {
	o       Options
	log     *slog.Logger
	server  server
	files   files
	inspect func(context.Context) (Layout, error)
	sibling func(l Layout) bool // a directory can be made beside the data directory
	free    func(path string) (int64, error)
	holder  func(p *plan) (string, error) // who has the data open
	quiet   time.Duration                 // how long a stopped server may take to let go of its files
}

// server is what is used of a host.Host.
type server interface {
	StartMySQL(ctx context.Context) error
	StopMySQL(ctx context.Context) error
	MySQLRunning(ctx context.Context) bool
	SettleMySQL(ctx context.Context, stopping bool) error
}

var _ server = (*host.Host)(nil)

// New makes a Keeper; nothing is looked at yet.
func New(o Options) *Keeper {
	k := &Keeper{o: o, log: cmp.Or(o.Logger, slog.Default()), server: o.Host, files: disk{}, free: host.DiskFree, quiet: 20 * time.Second}
	k.inspect, k.sibling = k.Layout, siblingFits
	k.holder = holder
	return k
}

// Place is where the new data is received.
type Place struct {
	// Receive is an empty directory, owner and mode as the data directory's, on the data directory's file system. What is
	// in it when Swap is called becomes the data: one flat directory, as without any separate directories.
	Receive string
	Keeps   bool // the old data stays until Drop; else it was erased
	Layout  Layout
}

// Place is what Begin journaled.
func (k *Keeper) Place(w *method.Work) (*Place, error) {
	p, err := recall(w)
	if err != nil {
		return nil, err
	}
	if p == nil || p.Phase == phaseOver || p.Phase == phaseErasing {
		return nil, noPlan()
	}
	return p.place(), nil
}

func (p *plan) place() *Place { return &Place{Receive: p.Receive, Keeps: !p.Erased, Layout: p.Layout} }

func noPlan() error {
	return &method.StageError{Code: "datadir-not-prepared", Text: "no directory was made for this seed's data",
		Hint: "the seed has to begin at Prepare again"}
}

func (k *Keeper) mover(w *method.Work) mover { return mover{files: k.files, seed: w.SeedID} }
