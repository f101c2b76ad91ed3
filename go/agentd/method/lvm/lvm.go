package lvm

import (
	"cmp"
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/quiet"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot/btrfs"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot/lvm"
)

// Provider makes snapshots of the volume on which directories lie. Its methods may be called from many goroutines; Unmount
// and Remove may be called again, and of a snapshot that was planned only.
type Provider interface {
	Kind() snapshot.Kind
	// Find finds the one volume on which all dirs (absolute, links resolved) lie; the error wraps snapshot.ErrNotHere when that
	// is not this provider's.
	Find(ctx context.Context, dirs []string) (snapshot.Volume, error)
	// Plan names a snapshot of a seed's; nothing is made. The error wraps snapshot.ErrNoRoom when it can't be.
	Plan(v snapshot.Volume, seedID int64, random string) (snapshot.Snapshot, error)
	Create(ctx context.Context, s snapshot.Snapshot) error
	// Newest is the newest snapshot of the volume that the operator's filter names; the error wraps snapshot.ErrNone.
	Newest(ctx context.Context, v snapshot.Volume) (snapshot.Snapshot, error)
	// Mount makes the files of a snapshot readable, at point if it has to be mounted, and returns where they are. The error
	// wraps snapshot.ErrBusy when something else is mounted there.
	Mount(ctx context.Context, s snapshot.Snapshot, point string) (root string, err error)
	Unmount(ctx context.Context, s snapshot.Snapshot) error
	// Check says how full a snapshot is, in percent; the error wraps snapshot.ErrFull when it is no longer what it was, and
	// snapshot.ErrNone when it is gone.
	Check(ctx context.Context, s snapshot.Snapshot) (percent float64, err error)
	// Remove removes a snapshot that was made for a seed, and leaves any other.
	Remove(ctx context.Context, s snapshot.Snapshot) error
}

var (
	_ Provider = (*lvm.LVM)(nil)
	_ Provider = (*btrfs.Btrfs)(nil)
)

// Servers is what this method needs of the host's MySQL: connections with the agent's account. A *host.MySQL has it.
type Servers interface {
	Local() host.Address
	User() string
	Open(ctx context.Context, addr host.Address) (*sql.DB, error)
	Server(ctx context.Context, db *sql.DB) (host.Server, error)
}

// Keeper keeps the target's old data until the new is proven. A *datadir.Keeper has it.
type Keeper interface {
	Layout(ctx context.Context) (datadir.Layout, error)
	Begin(ctx context.Context, w *method.Work, need int64) (*datadir.Place, error)
	Place(w *method.Work) (*datadir.Place, error)
	Swap(ctx context.Context, w *method.Work) error
	PutBack(ctx context.Context, w *method.Work) error
	Drop(ctx context.Context, w *method.Work) error
}

var (
	_ Servers = (*host.MySQL)(nil)
	_ Keeper  = (*datadir.Keeper)(nil)
)

// Options configure the method. Servers, Keeper, Providers, Port and MountPoint are required.
type Options struct {
	Servers   Servers
	Keeper    Keeper
	Providers []Provider // asked in this order
	Bind      string     // address that the data port listens on; "": all
	Port      int        // the data port of this host, and of the other one where nobody tells another
	// MountPoint is where a snapshot is mounted that has to be.
	MountPoint string
	// CreateNew makes a snapshot for each seed (create-new-snapshot-for-seed); else the newest that is there is taken.
	CreateNew bool
	// CreateCommand makes it, with a file `metadata` in it, instead of this package (create-snapshot-command); sudo included.
	CreateCommand []string
	// PlainServer and PlainClient are the TLS of the plain stream to and from agents of others (socat-use-ssl), asked for each
	// time; nil: none.
	PlainServer func() (*tls.Config, error)
	PlainClient func() (*tls.Config, error)
	// LockWait is how long commits may be kept waiting for the lock at a time, 10 s by default; between tries they go on.
	// LockFor is how long it is tried, 10 min by default.
	LockWait, LockFor time.Duration
	// CheckEvery is how often the snapshot is looked at during the copy; 2 s by default.
	CheckEvery time.Duration
	Logger     *slog.Logger
}

// LVM is the method. It holds no state and may be used from many goroutines.
type LVM struct {
	o   Options
	log *slog.Logger
}

var _ method.Method = (*LVM)(nil)

// New makes the method; nothing is looked at yet.
func New(o Options) *LVM {
	o.LockWait = cmp.Or(o.LockWait, 10*time.Second)
	o.LockFor = cmp.Or(o.LockFor, 10*time.Minute)
	o.CheckEvery = cmp.Or(o.CheckEvery, 2*time.Second)
	return &LVM{o: o, log: cmp.Or(o.Logger, slog.New(slog.DiscardHandler))}
}

// Name implements method.Method.
func (m *LVM) Name() agentapi.Method { return agentapi.LVM }

// engines are all: files are carried, whatever is in them.
func engines() []string {
	return []string{"InnoDB", "MyISAM", "Aria", "MRG_MyISAM", "MRG_MYISAM", "MEMORY", "CSV", "ARCHIVE", "BLACKHOLE", "SEQUENCE",
		"ROCKSDB", "RocksDB", "TokuDB", "FEDERATED", "CONNECT", "SPIDER", "Mroonga", "OQGRAPH"}
}

// Offer implements method.Method. Any host with a data directory that the agent can read can be the target; a host whose data
// are on no volume that a snapshot can be made of can't be the source, and the offer says why.
func (m *LVM) Offer(ctx context.Context) (agentapi.MethodOffer, error) {
	l, err := m.o.Keeper.Layout(ctx)
	if err != nil {
		return agentapi.MethodOffer{}, err
	}
	if err := readable(l.Real); err != nil {
		return agentapi.MethodOffer{}, err
	}
	offer := agentapi.MethodOffer{BackupSide: agentapi.Source, SupportedEngines: engines(), BackupToDatadir: true}
	if _, _, err := m.volume(ctx, l); err != nil {
		var stage *method.StageError
		if errors.As(err, &stage) && !stage.Permanent { // nobody could look: Prepare tells, if it is so then
			m.log.Warn("the volume of the data directory is not known", "error", err)
			return offer, nil
		}
		offer.NotAsSource = err.Error()
	}
	return offer, nil
}

// Prepare implements method.Method: on the source the snapshot, on the target the receiving end.
func (m *LVM) Prepare(ctx context.Context, w *method.Work) error {
	if w.Side == agentapi.Target {
		if err := quiet.Note(ctx, w, m.o.Servers); err != nil {
			return err
		}
		return m.open(ctx, w)
	}
	return m.take(ctx, w)
}

// Backup implements method.Method: the source sends; the target's part was begun by Prepare and is waited for.
func (m *LVM) Backup(ctx context.Context, w *method.Work) error {
	if w.Side == agentapi.Target {
		return m.join(ctx, w)
	}
	return m.send(ctx, w)
}

// Cleanup implements method.Method: the snapshot is unmounted and removed, the old data go.
func (m *LVM) Cleanup(ctx context.Context, w *method.Work) error {
	if w.Side != agentapi.Target {
		return m.letGo(ctx, w)
	}
	if err := m.o.Keeper.Drop(ctx, w); err != nil {
		return err
	}
	if err := quiet.Forget(w); err != nil {
		return err
	}
	return clean(w.Dir)
}

// Release implements method.Method: the snapshot is unmounted and removed; on the target the old data are MySQL's again,
// unless the new ones were proven.
func (m *LVM) Release(ctx context.Context, w *method.Work) error {
	if w.Side != agentapi.Target {
		return m.letGo(ctx, w)
	}
	if err := m.o.Keeper.PutBack(ctx, w); err != nil {
		return err
	}
	if err := quiet.Undo(ctx, w, m.o.Servers); err != nil {
		return err
	}
	return clean(w.Dir)
}
