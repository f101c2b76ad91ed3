package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agent/preflight"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient"
	"github.com/orchestrator-seed/orchestrator-seed/go/config"
	"github.com/orchestrator-seed/orchestrator-seed/go/http"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
	"github.com/orchestrator-seed/orchestrator-seed/go/leader"
	"github.com/orchestrator-seed/orchestrator-seed/go/metrics"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
)

// Options of the service.
type Options struct {
	Config  config.Config
	Log     *slog.Logger // nil: silent
	Node    string       // this node's name; "" is the host name and the process id
	Version string
}

// App is the service, put together. Start and Stop are called once each.
type App struct {
	config  config.Config
	log     *slog.Logger
	node    string
	version string
	started time.Time
	health  health

	store    *store.Store
	client   *agentclient.Client
	leader   *leader.Leader
	engine   *agent.Engine
	registry *agent.Registry
	server   *http.Server

	people *http.Listener
	agents *http.Listener // nil when agents are not served

	step   task // steps seeds
	lead   task // keeps the lease
	poll   task // asks agents for their facts
	serves sync.WaitGroup
	failed chan error
}

// New opens the backend (waiting for a MySQL that does not answer yet) and builds every part. On error nothing is left open.
func New(ctx context.Context, o Options) (*App, error) {
	a := &App{config: o.Config, log: o.Log, node: o.Node, version: o.Version, started: time.Now().UTC(), failed: make(chan error, 2)}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.node == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("find this node's name: %w", err)
		}
		a.node = fmt.Sprintf("%s:%d", name, os.Getpid())
	}
	if err := a.open(ctx); err != nil {
		return nil, err
	}
	if err := a.build(); err != nil {
		return nil, errors.Join(err, a.store.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) error {
	c := a.config
	tls, err := backendTLS(c)
	if err != nil {
		return fmt.Errorf("backend: %w", err)
	}
	a.store, err = store.Open(ctx, store.Options{
		Dialect: c.BackendDB, Path: c.SQLite3DataFile, Log: a.log,
		MySQL: store.MySQL{Host: c.MySQLOrchestratorHost, Port: c.MySQLOrchestratorPort, Database: c.MySQLOrchestratorDatabase,
			User: c.MySQLOrchestratorUser, Password: c.MySQLOrchestratorPassword, TLS: tls},
	})
	return err
}

func (a *App) build() error {
	c := a.config
	var err error
	if a.leader, err = leader.New(leader.Options{Store: a.store, Node: a.node, Log: a.log, Changed: a.led}); err != nil {
		return err
	}
	meter, err := metrics.New(metrics.Options{
		Version: a.version, Seeds: a.store, Leading: func() bool { _, leads := a.leader.Leading(); return leads },
	})
	if err != nil {
		return err
	}
	agentTLS, err := agentsTLS(c)
	if err != nil {
		return fmt.Errorf("calls to agents: %w", err)
	}
	a.client = agentclient.New(agentclient.Options{Timeout: c.AgentHttpTimeout(), TLS: agentTLS, Meter: meter, Log: a.log})
	mysqlTLS, err := topologyTLS(c)
	if err != nil {
		return fmt.Errorf("connections to MySQL: %w", err)
	}
	topology := topology{inst.New(inst.Options{
		User: c.MySQLTopologyUser, Password: c.MySQLTopologyPassword, TLS: mysqlTLS, MixedTLS: c.MySQLTopologyUseMixedTLS,
		ConnectTimeout: c.MySQLConnectTimeout(), ReplicationCredentialsQuery: c.ReplicationCredentialsQuery,
		ReplicationUser: c.ReplicationUser, ReplicationPassword: c.ReplicationPassword,
		DetectClusterAliasQuery: c.DetectClusterAliasQuery, Log: a.log,
	})}
	backend := backend{Store: a.store}
	if c.AuditLogFile != "" {
		backend.audit = &auditFile{path: c.AuditLogFile, fail: func(err error) { a.log.Error("write AuditLogFile", "err", err) }}
	}
	hub := http.NewHub(time.Now)
	p := policy(c)
	options := agent.Options{
		Store: backend, Client: a.client, Topology: topology, Policy: p, Events: hub, Meter: meter, Leader: a.leader, Log: a.log, Node: a.node,
		Checks: preflight.New(preflight.Options{Store: a.store, Client: a.client, Topology: topology,
			Policy: preflight.Policy{MaxActiveSeeds: p.MaxActive, MaxActiveSeedsPerSource: p.MaxPerSource}}),
	}
	a.engine = agent.New(options)
	options.HostSaved = a.engine.HostSaved
	a.registry = agent.NewRegistry(options)
	var others http.Changes // what other nodes store
	if !c.IsSQLite() {
		others = a.store
	}
	a.server, err = http.New(http.Options{
		Changes: others,
		Engine:  a.engine, Registry: a.registry, Data: backend, Agents: a.client, Node: a, Hub: hub, Metrics: meter.Handler(), Meter: meter,
		Log: a.log, URLPrefix: c.URLPrefix, StatusEndpoint: c.StatusEndpoint, ReadOnly: c.ReadOnly,
		Auth: http.Auth{Method: c.AuthenticationMethod, User: c.HTTPAuthUser, Password: c.HTTPAuthPassword, Header: c.AuthUserHeader, PowerUsers: c.PowerAuthUsers},
	})
	return err
}

// Start listens and begins to step seeds. It returns when both listeners are open; on error the caller calls Stop.
func (a *App) Start(ctx context.Context) error {
	var err error
	if a.people, err = a.listen(ctx, http.ListenOptions{Address: a.config.ListenAddress, Handler: a.server.Handler(), TLS: serviceFiles(a.config), Log: a.log}); err != nil {
		return err
	}
	if a.config.ServeAgentsHttp {
		if a.agents, err = a.listen(ctx, http.ListenOptions{Address: a.config.AgentsListenAddress(), Handler: a.server.AgentsHandler(), TLS: doorFiles(a.config), Log: a.log}); err != nil {
			return err
		}
	}
	a.lead.begin(ctx, a.leader.Run)
	a.step.begin(ctx, a.engine.Run)
	a.poll.begin(ctx, func(ctx context.Context) { a.registry.Run(ctx, a.leader) })
	a.log.Info("service started", "version", a.version, "node", a.node, "backend", a.config.BackendDB, "listen", a.Addr().String())
	return nil
}

func (a *App) listen(ctx context.Context, o http.ListenOptions) (*http.Listener, error) {
	l, err := http.Listen(ctx, o)
	if err != nil {
		return nil, err
	}
	a.serves.Go(func() {
		if err := l.Serve(); err != nil {
			a.failed <- err
		}
	})
	return l, nil
}

// Addr is where people are served; AgentsAddr where agents are (nil when they are not). Both after Start.
func (a *App) Addr() net.Addr { return a.people.Addr() }

// AgentsAddr is where agents are served.
func (a *App) AgentsAddr() net.Addr {
	if a.agents == nil {
		return nil
	}
	return a.agents.Addr()
}

// Failed tells when a listener ended by itself.
func (a *App) Failed() <-chan error { return a.failed }

// handOver bounds how long the steps under way are waited for before the lease is given back; they are dropped, and only a
// backend that does not answer makes them take longer. What they then still write is refused, if another node leads by then.
const handOver = time.Second

// Stop ends the service in order and returns when all of it has ended; requests that run have until ctx ends, and are
// answered meanwhile as by any node that does not lead.
func (a *App) Stop(ctx context.Context) error {
	a.step.stop()
	a.poll.stop()
	a.step.wait(handOver)
	a.lead.stop()
	a.lead.wait(handOver)

	var errs []error
	a.server.Close()
	for _, l := range []*http.Listener{a.people, a.agents} {
		if l != nil {
			errs = append(errs, l.Shutdown(ctx))
		}
	}
	for _, t := range []*task{&a.step, &a.poll, &a.lead} {
		t.wait(0)
	}
	a.serves.Wait()
	a.client.Close()
	errs = append(errs, a.store.Close())
	a.log.Info("service stopped", "node", a.node)
	return errors.Join(errs...)
}

// led has the engine look for what there is to do as soon as this node leads.
func (a *App) led(_ agent.Fence, leading bool) {
	if leading {
		a.engine.Wake(0) // no seed in particular
	}
}
