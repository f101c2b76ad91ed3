package xtrabackup

import (
	"cmp"
	"context"
	"crypto/tls"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/quiet"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/stream"
)

// Servers is what this method needs of the host's MySQL: connections with the agent's account. A *host.MySQL has it.
type Servers interface {
	Local() host.Address
	User() string
	Open(ctx context.Context, addr host.Address) (*sql.DB, error)
	Server(ctx context.Context, db *sql.DB) (host.Server, error)
	// DefaultsFile writes the account and addr into an option file of mode 0600 in dir; the caller removes it.
	DefaultsFile(dir string, addr host.Address) (path string, err error)
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

// Options configure the method. Servers, Keeper and Port are required.
type Options struct {
	Servers Servers
	Keeper  Keeper
	Bind    string // address that the data port listens on; "": all
	Port    int    // the data port of this host, and of the other one where nobody tells another
	// Extra are the user's options for the backup tool ([xtrabackup] xtrabackup-addtional-opts), one argument each.
	Extra []string
	// Compress is for the stream between our agents; the zero value decides by measuring.
	Compress stream.Compression
	// PlainServer and PlainClient are the TLS of the plain stream to and from agents of others (socat-use-ssl), asked for each
	// time; nil: none.
	PlainServer func() (*tls.Config, error)
	PlainClient func() (*tls.Config, error)
	Logger      *slog.Logger
}

// Xtrabackup is the method. It holds no state and may be used from many goroutines.
type Xtrabackup struct {
	o     Options
	extra extra
	log   *slog.Logger
}

var _ method.Method = (*Xtrabackup)(nil)

// New makes the method; the error names an option of Extra that can't be allowed.
func New(o Options) (*Xtrabackup, error) {
	x, err := checkExtra(o.Extra)
	if err != nil {
		return nil, err
	}
	return &Xtrabackup{o: o, extra: x, log: cmp.Or(o.Logger, slog.New(slog.DiscardHandler))}, nil
}

// Name implements method.Method.
func (m *Xtrabackup) Name() agentapi.Method { return agentapi.Xtrabackup }

// engines are those whose files the tool knows.
func engines(t *tool) []string {
	list := []string{"InnoDB", "MyISAM", "MRG_MyISAM", "MRG_MYISAM", "MEMORY", "CSV", "ARCHIVE", "BLACKHOLE", "FEDERATED"}
	if t.maria {
		list = append(list, "Aria", "SEQUENCE", "SPIDER", "OQGRAPH")
	}
	if t.maria || t.major >= 8 {
		list = append(list, "ROCKSDB", "RocksDB")
	}
	return list
}

// Offer implements method.Method: there must be tools that fit the local server, and its files must be this process's to
// read.
func (m *Xtrabackup) Offer(ctx context.Context) (agentapi.MethodOffer, error) {
	t, err := m.localTool(ctx)
	if err != nil {
		return agentapi.MethodOffer{}, err
	}
	l, err := m.o.Keeper.Layout(ctx)
	if err != nil {
		return agentapi.MethodOffer{}, err
	}
	if err := readable(l.DataDir); err != nil {
		return agentapi.MethodOffer{}, err
	}
	return agentapi.MethodOffer{BackupSide: agentapi.Source, SupportedEngines: engines(t), BackupToDatadir: true}, nil
}

func readable(dir string) error {
	hint := "run the agent as root, or as the user that MySQL runs as"
	d, err := os.Open(dir)
	if err == nil {
		defer d.Close()
		var names []string
		if names, err = filepath.Glob(filepath.Join(dir, "ibdata*")); len(names) > 0 && err == nil {
			var f *os.File
			if f, err = os.Open(names[0]); err == nil {
				f.Close()
			}
		}
	}
	if err != nil {
		return permanently(failed(CodePrivileges, hint, err, "the agent can't read MySQL's data directory"))
	}
	return nil
}

// localTool finds the tools for the local server, also when that is down.
func (m *Xtrabackup) localTool(ctx context.Context) (*tool, error) {
	server, err := m.localServer(ctx)
	if err != nil {
		return nil, err
	}
	return findTool(ctx, server)
}

func (m *Xtrabackup) localServer(ctx context.Context) (host.Server, error) {
	db, err := m.o.Servers.Open(ctx, m.o.Servers.Local())
	if err == nil {
		defer db.Close()
		return m.o.Servers.Server(ctx, db)
	}
	l, lerr := m.o.Keeper.Layout(ctx)
	if lerr != nil || l.Version == "" {
		return host.Server{}, failed(CodeConnection, "start MySQL on this host once, so that the agent knows its version", err, "the local server's version is not known")
	}
	return host.ParseServer(l.Version)
}

// Prepare implements method.Method: on the source nothing is done but checks.
func (m *Xtrabackup) Prepare(ctx context.Context, w *method.Work) error {
	if w.Side == agentapi.Target {
		if err := quiet.Note(ctx, w, m.o.Servers); err != nil {
			return err
		}
		return m.open(ctx, w)
	}
	s, err := m.checkSource(ctx)
	if err != nil {
		return err
	}
	w.Run.Say(fmt.Sprintf("will be copied with %s", s.tool.text))
	return nil
}

// Backup implements method.Method: the source sends; the target's part was begun by Prepare and is waited for.
func (m *Xtrabackup) Backup(ctx context.Context, w *method.Work) error {
	if w.Side == agentapi.Target {
		return m.join(ctx, w)
	}
	return m.send(ctx, w)
}

// Cleanup implements method.Method: the old data go.
func (m *Xtrabackup) Cleanup(ctx context.Context, w *method.Work) error {
	if w.Side != agentapi.Target {
		return clean(w.Dir)
	}
	if err := m.o.Keeper.Drop(ctx, w); err != nil {
		return err
	}
	if err := quiet.Forget(w); err != nil {
		return err
	}
	return clean(w.Dir)
}

// Release implements method.Method: on the target the old data are MySQL's again, unless the new ones were proven.
func (m *Xtrabackup) Release(ctx context.Context, w *method.Work) error {
	if w.Side == agentapi.Target {
		if err := m.o.Keeper.PutBack(ctx, w); err != nil {
			return err
		}
		if err := quiet.Undo(ctx, w, m.o.Servers); err != nil {
			return err
		}
	}
	return clean(w.Dir)
}

// clean removes everything of this method's from the seed's directory.
func clean(dir string) error {
	left, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	for _, f := range left {
		if err := os.RemoveAll(filepath.Join(dir, f.Name())); err != nil {
			return fmt.Errorf("clean up: %w", err)
		}
	}
	return nil
}
