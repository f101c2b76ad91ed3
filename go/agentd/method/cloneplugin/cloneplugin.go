package cloneplugin

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// Keeper keeps the target's old data until the new is proven.
type Keeper interface {
	Layout(ctx context.Context) (datadir.Layout, error)
	Begin(ctx context.Context, w *method.Work, need int64) (*datadir.Place, error)
	Place(w *method.Work) (*datadir.Place, error)
	Swap(ctx context.Context, w *method.Work) error
	PutBack(ctx context.Context, w *method.Work) error
	Drop(ctx context.Context, w *method.Work) error
}

var _ Keeper = (*datadir.Keeper)(nil)

// Host is this machine's MySQL.
type Host interface {
	MySQL() *host.MySQL
	StartMySQL(ctx context.Context) error
	MySQLRunning(ctx context.Context) bool
}

var _ Host = (*host.Host)(nil)

// Options of a ClonePlugin. Host and Keeper are needed.
type Options struct {
	Host Host
	// Keeper must be one that never erases: a clone over the old data is the server's own doing.
	Keeper   Keeper
	Password string // of the agent's account; goes into the CLONE statement, which servers log without it
	// Install lets the agent install the plugin where it is missing; it is removed again when the seed ends.
	Install bool
	// Settings are the clone-* keys of the configuration.
	Settings map[string]string
	// AllowErase lets the server clone over its old data where the disk can't hold both.
	AllowErase bool
	Logger     *slog.Logger
}

// ClonePlugin is the method. It holds no state of seeds.
type ClonePlugin struct {
	o        Options
	settings settings
	log      *slog.Logger
}

var _ method.Method = (*ClonePlugin)(nil)

// New checks the settings; nothing is connected.
func New(o Options) (*ClonePlugin, error) {
	s, ignored, err := parseSettings(o.Settings)
	if err != nil {
		return nil, fmt.Errorf("settings of the clone plugin: %w", err)
	}
	m := &ClonePlugin{o: o, settings: s, log: cmp.Or(o.Logger, slog.Default())}
	if len(ignored) > 0 {
		m.log.Warn("settings of the clone plugin are ignored: they are empty, or each seed sets them for itself", "keys", strings.Join(ignored, ", "))
	}
	return m, nil
}

// Name is ClonePlugin.
func (m *ClonePlugin) Name() agentapi.Method { return agentapi.ClonePlugin }

// Offer implements method.Method: the running server must have the plugin, or let the agent install it.
func (m *ClonePlugin) Offer(ctx context.Context) (agentapi.MethodOffer, error) {
	db, err := m.local(ctx)
	if err != nil {
		return agentapi.MethodOffer{}, err
	}
	defer db.Close()
	if _, err := readFacts(ctx, db); err != nil {
		return agentapi.MethodOffer{}, err
	}
	if _, err := m.usable(ctx, db); err != nil {
		return agentapi.MethodOffer{}, err
	}
	return agentapi.MethodOffer{BackupSide: agentapi.Target, SupportedEngines: []string{"InnoDB"}, BackupToDatadir: true}, nil
}

// Prepare implements method.Method.
func (m *ClonePlugin) Prepare(ctx context.Context, w *method.Work) error {
	if w.Side == agentapi.Source {
		return m.prepareSource(ctx, w)
	}
	return m.prepareTarget(ctx, w)
}

// local connects to this host's server.
func (m *ClonePlugin) local(ctx context.Context) (*sql.DB, error) {
	db, err := m.o.Host.MySQL().Open(ctx, m.o.Host.MySQL().Local())
	if err != nil {
		return nil, connectionError(err, "this host's MySQL")
	}
	return db, nil
}

// donorAddress is where the source's MySQL is reached. The plugin takes no IPv6 address.
func donorAddress(w *method.Work) (host.Address, error) {
	if strings.Contains(w.PeerHost, ":") {
		return host.Address{}, permanent(CodeServer, "register the source's agent under a name (advertise-address) that resolves to its address", nil,
			"the clone plugin takes no IPv6 address, and the source is %s", w.PeerHost)
	}
	return host.Address{Host: w.PeerHost, Port: w.SourceMySQLPort}, nil
}

func donorName(a host.Address) string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }
