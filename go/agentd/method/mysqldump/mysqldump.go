package mysqldump

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpfile"
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

var _ Servers = (*host.MySQL)(nil)

// Options configure the method. Servers is required.
type Options struct {
	Servers Servers
	// Extra are the user's options for the dump program ([mysqldump] mysqldump-addtional-opts), one argument each.
	Extra []string
	// Streams is the number of connections that load side by side; 0 is min(4, CPUs).
	Streams int
	// Carrier carries the rows instead of the dump program; nil: the dump program does.
	Carrier Carrier
}

// Mysqldump is the method. It holds no state and may be used from many goroutines.
type Mysqldump struct{ o Options }

var _ method.Method = (*Mysqldump)(nil)

// New makes the method; the error names an option of Extra that can't be allowed.
func New(o Options) (*Mysqldump, error) {
	extra, err := checkExtra(o.Extra)
	if err != nil {
		return nil, err
	}
	o.Extra = extra
	if o.Streams <= 0 {
		o.Streams = min(4, runtime.NumCPU())
	}
	return &Mysqldump{o: o}, nil
}

// Name implements method.Method: Mysqldump, or the carrier's.
func (m *Mysqldump) Name() agentapi.Method {
	if m.o.Carrier != nil {
		return m.o.Carrier.Method()
	}
	return agentapi.Mysqldump
}

// Engines are the storage engines that a dump carries: all.
func engines() []string {
	return []string{"InnoDB", "MyISAM", "Aria", "MRG_MyISAM", "MRG_MYISAM", "MEMORY", "CSV", "ARCHIVE", "BLACKHOLE", "SEQUENCE",
		"ROCKSDB", "RocksDB", "TokuDB", "FEDERATED", "CONNECT", "SPIDER", "Mroonga", "S3", "NDBCLUSTER", "ColumnStore"}
}

// Offer implements method.Method: there must be a dump program of the local server's flavour.
func (m *Mysqldump) Offer(ctx context.Context) (agentapi.MethodOffer, error) {
	db, err := m.o.Servers.Open(ctx, m.o.Servers.Local())
	if err != nil {
		return agentapi.MethodOffer{}, err
	}
	defer db.Close()
	server, err := m.o.Servers.Server(ctx, db)
	if err != nil {
		return agentapi.MethodOffer{}, err
	}
	if _, err := findTool(ctx, server.Flavour); err != nil {
		return agentapi.MethodOffer{}, err
	}
	if m.o.Carrier != nil {
		if err := m.o.Carrier.Check(ctx, server); err != nil {
			return agentapi.MethodOffer{}, err
		}
	}
	return agentapi.MethodOffer{BackupSide: agentapi.Target, SupportedEngines: engines()}, nil
}

// Prepare implements method.Method: on the target an old dump is removed.
func (m *Mysqldump) Prepare(_ context.Context, w *method.Work) error {
	if w.Side != agentapi.Target {
		return nil
	}
	return errors.Join(m.remove(w.Dir), tellOldData(w))
}

// Cleanup implements method.Method: on the target the dump is removed.
func (m *Mysqldump) Cleanup(_ context.Context, w *method.Work) error {
	if w.Side != agentapi.Target {
		return nil
	}
	return errors.Join(m.remove(w.Dir), forgetOldAccounts(w.Dir))
}

// Metadata implements method.Method.
func (m *Mysqldump) Metadata(_ context.Context, w *method.Work) (agentapi.Metadata, error) {
	x, err := dumpfile.ReadIndex(w.Dir)
	if err != nil {
		return agentapi.Metadata{}, fmt.Errorf("read metadata: %w", err)
	}
	return x.Position, nil
}

// Release implements method.Method: files are removed, settings of the target's server that a killed Restore had changed
// are put back, and a target that holds a part of the copy only is left empty, with the accounts that it had.
func (m *Mysqldump) Release(ctx context.Context, w *method.Work) error {
	if w.Side != agentapi.Target {
		return nil
	}
	if err := m.putBack(ctx, w); err != nil {
		return err
	}
	if err := m.emptyHalfLoaded(ctx, w); err != nil {
		return err
	}
	return errors.Join(m.remove(w.Dir), forgetOldAccounts(w.Dir))
}
