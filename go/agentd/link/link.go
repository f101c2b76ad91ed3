package link

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Options of a Link. Door, Info and HTTP are needed.
type Options struct {
	Door string        // the agents' door with its path, see DoorOf
	Info agentapi.Info // with the token
	HTTP *http.Client
	// Timeout is of one call; default 10 s. A registration takes longer, because the service calls back: 45 s more.
	Timeout  time.Duration
	Poll     time.Duration // between pings; default 1 min
	Resubmit time.Duration // between registrations; default 1 h
	BadAfter time.Duration // without an answer for so long: not healthy; default 5 min
	// BasicUser and BasicPassword are sent with every call, if set.
	BasicUser, BasicPassword string
	// FirstRetry and LastRetry are the waits between failed registrations, growing; default 1 s and 1 min.
	FirstRetry, LastRetry time.Duration
	Logger                *slog.Logger
}

// Link is the connection to one service. Its methods may be called from many goroutines.
type Link struct {
	o   Options
	log *slog.Logger

	mu       sync.Mutex
	answered time.Time // when the service last answered properly
	queue    []agentapi.SeedStageState
	sending  bool            // one of the queue is on its way
	deaf     map[runKey]bool // runs of which the service does not want to hear

	wake     chan struct{} // the queue has something
	register chan struct{} // the service does not know this agent
}

// runKey names one run of a stage.
type runKey struct {
	seed    int64
	stage   agentapi.Stage
	attempt int64
}

// New makes a Link; Run works.
func New(o Options) *Link {
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.Poll = cmp.Or(o.Poll, time.Minute)
	o.Resubmit = cmp.Or(o.Resubmit, time.Hour)
	o.BadAfter = cmp.Or(o.BadAfter, 5*time.Minute)
	o.FirstRetry = cmp.Or(o.FirstRetry, time.Second)
	o.LastRetry = cmp.Or(o.LastRetry, time.Minute)
	return &Link{
		o: o, log: cmp.Or(o.Logger, slog.Default()), answered: time.Now(), deaf: map[runKey]bool{},
		wake: make(chan struct{}, 1), register: make(chan struct{}, 1),
	}
}

// DoorOf makes the address of the agents' door from [orchestrator] url and agents-port. A port in url wins.
func DoorOf(base string, agentsPort int) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" {
		return "", fmt.Errorf("orchestrator.url %q is not an address", base)
	}
	if u.Port() == "" {
		u.Host = fmt.Sprintf("%s:%d", u.Host, agentsPort)
	}
	return u.JoinPath("api").String(), nil
}

// Run registers and keeps in touch until ctx is done. It returns when all of its calls have ended.
func (l *Link) Run(ctx context.Context) {
	var work sync.WaitGroup
	work.Go(func() { l.deliver(ctx) })
	l.keepRegistered(ctx)
	work.Wait()
}

// Healthy says whether the service answered within BadAfter.
func (l *Link) Healthy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.answered) < l.o.BadAfter
}

func (l *Link) heard() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered = time.Now()
}

// keepRegistered registers, then pings and registers again when it is time or needed.
func (l *Link) keepRegistered(ctx context.Context) {
	ping := time.NewTicker(l.o.Poll)
	defer ping.Stop()
	resubmit := time.NewTicker(l.o.Resubmit)
	defer resubmit.Stop()
	l.untilRegistered(ctx)
	lost := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-resubmit.C:
			l.untilRegistered(ctx)
		case <-l.register:
			l.untilRegistered(ctx)
		case <-ping.C:
			err := l.ping(ctx)
			switch {
			case ctx.Err() != nil:
			case err != nil && !lost:
				l.log.Warn("service does not answer the ping", "error", err)
				lost = true
			case err == nil && lost: // it may be another one by now, or have forgotten this agent
				lost = false
				l.untilRegistered(ctx)
			}
		}
	}
}

// again asks for a registration soon; it does not block.
func (l *Link) again() {
	select {
	case l.register <- struct{}{}:
	default:
	}
}

func (l *Link) untilRegistered(ctx context.Context) {
	for wait := l.o.FirstRetry; ctx.Err() == nil; wait = min(2*wait, l.o.LastRetry) {
		err := l.registerOnce(ctx)
		if err == nil {
			l.heard()
			l.log.Info("registered", "door", l.o.Door, "as", l.o.Info.Hostname)
			return
		}
		if ctx.Err() != nil {
			return
		}
		l.log.Warn("registration was not accepted; it is tried again", "door", l.o.Door, "wait", wait, "error", err)
		pause := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return
		}
	}
}

func (l *Link) registerOnce(ctx context.Context) error {
	const callBack = 45 * time.Second
	ctx, cancel := context.WithTimeout(ctx, l.o.Timeout+callBack)
	defer cancel()
	body, err := l.call(ctx, http.MethodPost, "register-agent", l.o.Info)
	if err != nil {
		return err
	}
	var name string
	if json.Unmarshal(body, &name) == nil && name != "" {
		return nil
	}
	return fmt.Errorf("register-agent: %w", refusalOf(http.StatusOK, body))
}

func (l *Link) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.o.Timeout)
	defer cancel()
	body, err := l.call(ctx, http.MethodGet, "agent-ping", nil)
	var r *refusal
	if errors.As(err, &r) && r.unknownAgent() {
		l.heard()
		l.again()
		return nil
	}
	if err != nil {
		return err
	}
	var ok string
	if json.Unmarshal(body, &ok) != nil || ok != "OK" {
		return fmt.Errorf("agent-ping: %w", refusalOf(http.StatusOK, body))
	}
	l.heard()
	return nil
}

// call makes one call and returns the body of a 2xx answer. Errors never hold the token.
func (l *Link) call(ctx context.Context, verb, path string, send any) ([]byte, error) {
	const most = 64 << 10
	var body io.Reader
	if send != nil {
		b, err := json.Marshal(send)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, verb, l.o.Door+"/"+path, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if send != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set(agentapi.HeaderAgentHost, l.o.Info.Hostname)
	req.Header.Set(agentapi.HeaderToken, l.o.Info.Token)
	if l.o.BasicUser != "" {
		req.SetBasicAuth(l.o.BasicUser, l.o.BasicPassword)
	}
	res, err := l.o.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, most))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if res.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s: %w", path, refusalOf(res.StatusCode, b))
	}
	return b, nil
}
