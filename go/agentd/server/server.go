package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/runner"
)

// Options of a Server. Runner, Host, Data, Info, Token and Healthy are needed.
type Options struct {
	Runner  *runner.Runner
	Host    *host.Host
	Data    func(ctx context.Context) agentapi.Data
	Info    agentapi.Info // without token
	Token   string
	Healthy func() bool // whether the service was reached of late
	// Disabled methods take no new seeds; those that they hold go on.
	Disabled map[agentapi.Method]bool
	// TokenHeader is a header that may carry the token besides agentapi.HeaderToken; "" is none.
	TokenHeader string
	// BasicUser and BasicPassword, when set, protect what needs no token but status-endpoint.
	BasicUser, BasicPassword string
	StatusEndpoint           string   // default /api/status
	ValidOUs                 []string // with mutual TLS: the caller's certificate must have one of these units; none: any
	StatusOUVerify           bool     // the status endpoint asks for the unit too
	TLS                      *tls.Config
	BindAddress              string // of the data port, for probes
	SeedPort                 int
	Logger                   *slog.Logger
}

// Server answers the service's calls.
type Server struct {
	o     Options
	log   *slog.Logger
	http  *http.Server
	life  context.Context // of work that goes on when its caller hangs up, such as a start of MySQL
	end   context.CancelFunc
	probe listenProbe
}

const (
	requestLimit = 30 * time.Minute // of a handler: the longest service command and wait
	answerLimit  = 30 * time.Second // to write an answer
)

// New makes a Server; Serve makes it listen.
func New(o Options) *Server {
	if o.StatusEndpoint == "" {
		o.StatusEndpoint = "/api/status"
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &Server{o: o, log: o.Logger}
	s.life, s.end = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:           s.Handler(),
		TLSConfig:         o.TLS,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      requestLimit + answerLimit,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}
	return s
}

// Serve answers on l until Shutdown; nil after that.
func (s *Server) Serve(l net.Listener) error {
	if s.o.TLS != nil {
		l = tls.NewListener(l, s.o.TLS)
	}
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer calls: %w", err)
	}
	return nil
}

// Shutdown takes no more calls, waits for those under way as long as ctx lasts, and ends the rest.
func (s *Server) Shutdown(ctx context.Context) error {
	s.probe.close()
	err := s.http.Shutdown(ctx)
	s.end()
	if err != nil {
		s.http.Close()
		return fmt.Errorf("end calls under way: %w", err)
	}
	return nil
}

// Handler is everything behind the listener.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	open := func(pattern string, f handler) { mux.Handle(pattern, s.basic(f)) }
	with := func(pattern string, f handler) { mux.Handle(pattern, s.token(f)) }
	mux.Handle("GET /api/status", s.wrap(s.status))
	open("GET /api/get-agent-info", s.info)

	with("GET /api/get-agent-data", s.data)
	with("GET /api/prepare/{seedID}/{seedMethod}/{seedSide}", s.start(agentapi.Prepare))
	with("GET /api/backup/{seedID}/{seedMethod}/{seedHost}/{mysqlPort}", s.start(agentapi.Backup))
	with("GET /api/restore/{seedID}/{seedMethod}", s.start(agentapi.Restore))
	with("GET /api/cleanup/{seedID}/{seedMethod}/{seedSide}", s.start(agentapi.Cleanup))
	with("GET /api/seed-stage-state/{seedID}/{seedStage}", s.stageState)
	with("GET /api/get-metadata/{seedID}/{seedMethod}", s.metadata)
	with("GET /api/abort-seed-stage/{seedID}/{seedStage}", s.abort)
	with("GET /api/release-seed/{seedID}", s.release)
	with("GET /api/bandwidth/{seedID}/{bytesPerSecond}", s.bandwidth)
	with("GET /api/post-seed-cmd/{seedID}", s.postSeed)
	with("GET /api/active-seed", s.active)

	with("GET /api/mysql-start", s.mysqlStart)
	with("GET /api/mysql-stop", s.mysqlStop)
	with("GET /api/mysql-error-log-tail", s.errorLog)
	with("GET /api/mountlv", s.mount)
	with("GET /api/umount", s.unmount)
	with("GET /api/removelv", s.removeLV)
	with("GET /api/create-snapshot", s.createSnapshot)
	with("GET /api/custom-commands/{cmd}", s.custom)

	with("POST /api/probe-mysql", s.probeMySQL)
	with("GET /api/probe-listen", s.probeListen)
	with("GET /api/probe-connect/{host}/{port}", s.probeConnect)
	return s.logged(s.organisation(s.statusElsewhere(mux)))
}

// statusElsewhere answers the configured status endpoint, whatever path that is.
func (s *Server) statusElsewhere(next http.Handler) http.Handler {
	status := s.wrap(s.status)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == s.o.StatusEndpoint {
			status.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
