package agentd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/config"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/link"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/runner"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/server"
)

// Options of an App. Config is needed.
type Options struct {
	Config  *config.Config
	Version string
	Logger  *slog.Logger
	// Methods replaces the real ones; for tests.
	Methods []Method
	// FirstRetry is the wait after the first failed registration; default 1 s.
	FirstRetry time.Duration
}

// Method is a seed method, and whether it is offered.
type Method struct {
	method.Method
	Enabled bool
}

// App is one agent. Start and Stop are called once each.
type App struct {
	o       Options
	log     *slog.Logger
	journal *journal.Journal
	host    *host.Host
	methods []Method
	runner  *runner.Runner
	server  *server.Server
	link    *link.Link
	info    agentapi.Info
	offers  offers
	layout  atomic.Pointer[datadir.Layout] // what was found last

	listener net.Listener
	end      context.CancelFunc
	work     sync.WaitGroup
	served   chan error
}

// New opens the state directory and ends what an earlier agent left running; nothing listens yet. An App that is not
// started is closed with Stop.
func New(ctx context.Context, o Options) (*App, error) {
	a := &App{o: o, log: cmp.Or(o.Logger, slog.Default()), served: make(chan error, 1)}
	c := o.Config
	name := c.RegisteredName()
	if name == "" {
		var err error
		if name, err = os.Hostname(); err != nil {
			return nil, fmt.Errorf("find the host's name: %w", err)
		}
	}
	if err := os.MkdirAll(c.Common.BackupDir, 0o700); err != nil {
		return nil, fmt.Errorf("make backup-dir: %w", err)
	}
	var err error
	if a.journal, err = journal.Open(c.Common.StateDir); err != nil {
		return nil, err
	}
	if err := a.build(ctx, name); err != nil {
		return nil, errors.Join(err, a.close(ctx))
	}
	return a, nil
}

func (a *App) build(ctx context.Context, name string) error {
	c := a.o.Config
	token, err := loadToken(c.Common.StateDir, c.Common.TokenHintFile)
	if err != nil {
		return err
	}
	a.info = agentapi.Info{Hostname: name, Port: c.Common.Port, Token: token, MySQLPort: c.MySQL.Port}
	o := hostOptions(c, a.log)
	o.Noted = a.noted
	a.host = host.New(o)
	if a.methods, err = a.makeMethods(); err != nil {
		return err
	}
	a.offers = offers{methods: a.methods, log: a.log}
	client, err := serviceClient(&c.Common)
	if err != nil {
		return err
	}
	door, err := link.DoorOf(c.Orchestrator.URL, c.Orchestrator.AgentsPort)
	if err != nil {
		return err
	}
	a.link = link.New(link.Options{
		Door: door, Info: a.info, HTTP: client, Timeout: c.Common.HTTPTimeout, Poll: c.Common.PollInterval,
		Resubmit: c.Common.ResubmitAgentInterval, BadAfter: c.Common.StatusBadAfter, BasicUser: c.Common.HTTPAuthUser,
		BasicPassword: string(c.Common.HTTPAuthPassword), FirstRetry: a.o.FirstRetry, Logger: a.log,
	})
	all, disabled := make([]method.Method, len(a.methods)), map[agentapi.Method]bool{}
	for i, m := range a.methods {
		all[i], disabled[m.Name()] = m.Method, !m.Enabled
	}
	a.runner, err = runner.Open(ctx, runner.Options{
		Journal: a.journal, Methods: all, BackupDir: c.Common.BackupDir, Hostname: name, Notify: a.changed, Logger: a.log,
		Bandwidth: c.Common.Bandwidth,
	})
	if err != nil {
		return err
	}
	serverTLS, err := serverTLS(&c.Common)
	if err != nil {
		return err
	}
	units := c.Common.SSLValidOUs
	if !c.Common.UseMutualTLS {
		units = nil
	}
	a.server = server.New(server.Options{
		Runner: a.runner, Host: a.host, Data: a.data, Info: a.info, Token: token, Healthy: a.link.Healthy, Disabled: disabled,
		TokenHeader: c.Common.TokenHTTPHeader, BasicUser: c.Common.HTTPAuthUser, BasicPassword: string(c.Common.HTTPAuthPassword),
		StatusEndpoint: c.Common.StatusEndpoint, ValidOUs: units, StatusOUVerify: c.Common.StatusOUVerify, TLS: serverTLS,
		BindAddress: c.Common.BindAddress, SeedPort: c.Common.SeedPort, Logger: a.log,
	})
	return nil
}

// changed is told of every change of a stage.
func (a *App) changed(s agentapi.SeedStageState) {
	if s.Stage == agentapi.Restore && s.Status != agentapi.Running {
		a.host.ForgetMySQL()
	}
	a.link.Notify(s)
}

// Start listens, then registers beside its caller. Problems after that are logged; Done tells of a listener that died.
func (a *App) Start(ctx context.Context) error {
	c := &a.o.Config.Common
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(c.BindAddress, strconv.Itoa(c.Port)))
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	a.listener = l
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	a.end = end
	a.work.Go(func() { a.served <- a.server.Serve(l) })
	a.work.Go(func() { a.link.Run(life) })
	if a.o.Methods == nil {
		a.work.Go(func() { a.watchLayout(life) })
	}
	a.log.Info("agent is up", "version", a.o.Version, "name", a.info.Hostname, "address", a.Addr(), "mysql", a.host.MySQL())
	return nil
}

// Done tells when the listener is over: nil after Stop.
func (a *App) Done() <-chan error { return a.served }

// Addr is host:port of the listener; "" before Start.
func (a *App) Addr() string {
	if a.listener == nil {
		return ""
	}
	return a.listener.Addr().String()
}

// Info is how the agent registers, with its token.
func (a *App) Info() agentapi.Info { return a.info }

// Stop ends calls, stages and the link within ctx, and gives the state directory free.
func (a *App) Stop(ctx context.Context) error {
	const callsUnderWay = 5 * time.Second
	var errs []error
	calls, cancel := context.WithTimeout(ctx, callsUnderWay)
	defer cancel()
	if err := a.server.Shutdown(calls); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		errs = append(errs, err)
	}
	errs = append(errs, a.close(ctx))
	a.log.Info("agent has stopped")
	return errors.Join(errs...)
}

// close ends what there is but the listener.
func (a *App) close(ctx context.Context) (err error) {
	if a.runner != nil {
		err = a.runner.Stop(ctx)
	}
	if a.end != nil {
		a.link.Drain(ctx) // the last states of what was stopped
		a.end()
	}
	a.work.Wait()
	if a.host != nil {
		a.host.Close()
	}
	return errors.Join(err, a.journal.Close())
}
