package metrics

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

const namespace = "orchestrator_seed"

// SeedCounter counts the stored seeds; agent.Queries does.
type SeedCounter interface {
	CountSeeds(ctx context.Context) ([]agent.SeedCount, error)
}

// Options is what Metrics is made of. Seeds is needed.
type Options struct {
	Seeds   SeedCounter
	Leading func() bool // nil: always
	Version string
	Now     func() time.Time
}

// Metrics holds the numbers. Its methods may be called from many goroutines and do not block.
type Metrics struct {
	registry     *prometheus.Registry
	stages       *prometheus.HistogramVec
	calls        *prometheus.HistogramVec
	callErrors   *prometheus.CounterVec
	cycles       prometheus.Histogram
	cycleSeeds   prometheus.Gauge
	requests     *prometheus.CounterVec
	requestTimes *prometheus.HistogramVec
}

var _ agent.Meter = (*Metrics)(nil)

// New makes the numbers and their registry.
func New(o Options) (*Metrics, error) {
	if o.Seeds == nil {
		return nil, errors.New("metrics: a counter of seeds is needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Leading == nil {
		o.Leading = func() bool { return true }
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		stages: histogram("stage_duration_seconds", "Time from the start of a stage to its end, by its outcome.",
			[]float64{0.1, 0.5, 1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400}, "stage", "method", "result"),
		calls: histogram("agent_call_duration_seconds", "Time of calls to agents, failed ones included.",
			[]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}, "call"),
		callErrors: counter("agent_call_errors_total", "Calls to agents that failed, by reason.", "call", "reason"),
		cycles: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: "cycle_duration_seconds",
			Help: "Time of one cycle over the active seeds.", Buckets: []float64{0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300}}),
		cycleSeeds: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "cycle_seeds",
			Help: "Seeds that the last cycle stepped."}),
		requests: counter("http_requests_total", "Requests answered, by route and status.", "route", "code"),
		requestTimes: histogram("http_request_duration_seconds", "Time to answer requests; streams of events count when they end.",
			[]float64{0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120}, "route"),
	}
	for _, c := range []prometheus.Collector{
		m.stages, m.calls, m.callErrors, m.cycles, m.cycleSeeds, m.requests, m.requestTimes,
		newSeedCollector(o.Seeds, o.Now), leaderGauge(o.Leading), buildInfo(o.Version),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := m.registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Handler answers /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, Timeout: 30 * time.Second})
}

// Gatherer is the registry to read.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// StageEnded counts a stage that completed or failed.
func (m *Metrics) StageEnded(stage agent.Stage, method agent.Method, ok bool, took time.Duration) {
	result := "completed"
	if !ok {
		result = "failed"
	}
	m.stages.WithLabelValues(string(stage), string(method), result).Observe(took.Seconds())
}

// AgentCall counts a call to an agent.
func (m *Metrics) AgentCall(call string, took time.Duration, err error) {
	m.calls.WithLabelValues(call).Observe(took.Seconds())
	if err != nil {
		m.callErrors.WithLabelValues(call, reason(err)).Inc()
	}
}

// reason is one of a few words.
func reason(err error) string {
	switch {
	case errors.Is(err, agent.ErrUnreachable), errors.Is(err, context.DeadlineExceeded):
		return "unreachable"
	case errors.Is(err, agent.ErrUnknownSeed):
		return "unknown-seed"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return "refused"
}

// Cycle counts one cycle of the engine.
func (m *Metrics) Cycle(took time.Duration, seeds int) {
	m.cycles.Observe(took.Seconds())
	m.cycleSeeds.Set(float64(seeds))
}

// HTTPRequest counts a request; route is the route's name.
func (m *Metrics) HTTPRequest(route string, code int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(code)).Inc()
	m.requestTimes.WithLabelValues(route).Observe(took.Seconds())
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func leaderGauge(leading func() bool) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: "leader",
		Help: "1 on the node that steps seeds, else 0."}, func() float64 {
		if leading() {
			return 1
		}
		return 0
	})
}

func buildInfo(version string) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info", Help: "Always 1; what is running.",
		ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()}})
	g.Set(1)
	return g
}
