package agent

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Registry knows the agents: it registers them, asks them for their facts in the background and forgets those that are gone.
// All its methods may be called from many goroutines.
type Registry struct {
	store    RegistryStore
	client   AgentClient
	topology Topology
	policy   Policy
	events   Events
	clock    Clock
	log      *slog.Logger
	saved    func(h *Host)

	callBacks *lane // for agents that register
}

// When all agents of a fleet register at once, so many are called back side by side; one that does not answer yet is not
// counted any more after the patience.
const (
	callBacksAtOnce  = 64
	callBackPatience = time.Second
)

// RegistryStore is what the registry needs of the store.
type RegistryStore interface {
	SaveHost(ctx context.Context, h *Host) error
	SaveHostFacts(ctx context.Context, h *Host) error
	Host(ctx context.Context, hostname string) (*Host, error)
	HostsDue(ctx context.Context, status HostStatus, before time.Time, limit int) ([]*Host, error)
	ForgetHosts(ctx context.Context, unseenSince time.Time) ([]string, error)
	Audit(ctx context.Context, e AuditEntry) error
	Purge(ctx context.Context, seedsBefore, auditBefore time.Time) error
}

// NewRegistry takes the same options as New.
func NewRegistry(o Options) *Registry {
	e := New(o)
	return &Registry{store: o.Store, client: o.Client, topology: e.topology, policy: e.policy, events: e.events, clock: e.clock, log: e.log, saved: o.HostSaved,
		callBacks: newLane(callBacksAtOnce, callBackPatience)}
}

// Register stores an agent once it has answered a call-back with the token it named. The call-back is repeated for
// Policy.CallbackWindow, because an agent of others registers before it listens. A known host that comes with another token
// is taken over only if the address it was registered with answers to the new one: errors are ErrBadInput or ErrRefused.
func (r *Registry) Register(ctx context.Context, info agentapi.Info) error {
	if err := validInfo(info); err != nil {
		return err
	}
	known, err := r.store.Host(ctx, info.Hostname)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err == nil && known.Info.Port != info.Port && !sameToken(known.Info.Token, info.Token) {
		return &OpError{Code: "registration-refused", Op: "register", Host: info.Hostname, Err: ErrRefused,
			Text: fmt.Sprintf("it is registered with port %d and another token", known.Info.Port),
			Hint: "let the agent listen on the port it had, or wait until the old registration is forgotten (UnseenAgentForgetHours)"}
	}
	leave, err := r.callBacks.enter(ctx, nil)
	if err != nil {
		return err
	}
	defer leave()
	h := &Host{Info: info}
	data, err := r.callBack(ctx, h)
	if err != nil {
		return &OpError{Code: "registration-refused", Op: "register", Host: info.Hostname, Text: "it does not answer a call-back at " +
			fmt.Sprintf("%s:%d with the token it sent", info.Hostname, info.Port), Err: fmt.Errorf("%w: %w", ErrRefused, err),
			Hint: "see that the service can reach the agent there, and that the agent's name and port are right"}
	}
	r.facts(ctx, h, data)
	if err := r.store.SaveHost(ctx, h); err != nil {
		return err
	}
	r.log.Info("agent registered", "host", info.Hostname, "port", info.Port, "version", data.AgentVersion)
	if known == nil {
		if err := r.store.Audit(ctx, AuditEntry{At: r.clock.Now(), Type: "register-agent", Host: info.Hostname, Port: info.MySQLPort, Message: "agent registered"}); err != nil {
			r.log.Error("write the audit", "err", err)
		}
	}
	r.tell(h)
	return nil
}

// tell says to those who listen that the host was stored.
func (r *Registry) tell(h *Host) {
	r.events.HostChanged(h)
	if r.saved != nil {
		r.saved(h)
	}
}

func validInfo(info agentapi.Info) error {
	text := ""
	switch {
	case info.Hostname == "" || len(info.Hostname) > 255 || !printable(info.Hostname):
		text = "the host name is empty, too long or has odd characters"
	case info.Port < 1 || info.Port > 65535:
		text = fmt.Sprintf("port %d is no port", info.Port)
	case info.MySQLPort < 0 || info.MySQLPort > 65535:
		text = fmt.Sprintf("MySQL port %d is no port", info.MySQLPort)
	case len(info.Token) < 16 || len(info.Token) > 256 || !printable(info.Token):
		text = "the token is missing, too short or too long"
	default:
		return nil
	}
	return &OpError{Code: "bad-input", Op: "register an agent", Text: text, Err: ErrBadInput}
}

// printable accepts what occurs in host names, addresses and tokens.
func printable(s string) bool {
	for _, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' && c != ':' && c != '%' {
			return false
		}
	}
	return true
}

func sameToken(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (r *Registry) callBack(ctx context.Context, h *Host) (*agentapi.Data, error) {
	ctx, cancel := context.WithTimeout(ctx, r.policy.CallbackWindow)
	defer cancel()
	wait := 100 * time.Millisecond
	for {
		data, err := r.client.Data(ctx, h)
		if err == nil {
			return data, nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		case <-timer.C:
		}
		wait = min(2*wait, 2*time.Second)
	}
}

// facts fills in what an answering agent says, and what its MySQL says of its cluster; a MySQL that can't be asked keeps
// what was known.
func (r *Registry) facts(ctx context.Context, h *Host, data *agentapi.Data) {
	now := r.clock.Now()
	h.Data, h.LastSeen, h.LastChecked, h.Status, h.LastError = data, now, now, HostActive, ""
	if data.MySQLVersion != "" {
		h.MySQLVersion = data.MySQLVersion
	}
	if r.topology == nil || !data.MySQLRunning || h.Info.MySQLPort == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if alias, err := r.topology.ClusterAlias(ctx, address(h)); err == nil && alias != "" {
		h.ClusterAlias = alias
	}
}

// Update asks an agent for its facts now and returns it with them; the error is the agent's, and is kept with it.
func (r *Registry) Update(ctx context.Context, hostname string) (*Host, error) {
	h, err := r.store.Host(ctx, hostname)
	if err != nil {
		return nil, &OpError{Code: "unknown-agent", Op: "update", Host: hostname, Hint: "start orchestrator-agent there", Err: err}
	}
	return h, r.poll(ctx, h)
}

func (r *Registry) poll(ctx context.Context, h *Host) error { return r.pollWith(ctx, ctx, h) }

// pollWith asks the agent for as long as ask lasts, and stores what it said or that it said nothing.
func (r *Registry) pollWith(ctx, ask context.Context, h *Host) error {
	data, askErr := r.client.Data(ask, h)
	if ctx.Err() != nil {
		return errors.Join(askErr, ctx.Err()) // that was no answer of the agent's
	}
	if askErr == nil {
		r.facts(ask, h, data)
	} else {
		h.LastChecked, h.Status, h.LastError = r.clock.Now(), HostInactive, askErr.Error()
	}
	err := r.store.SaveHostFacts(ctx, h)
	if errors.Is(err, ErrConflict) { // it has registered anew meanwhile, which is fresher
		return askErr
	}
	r.tell(h)
	return errors.Join(askErr, err)
}

// Authenticate says whether the token is the host's. ErrNotFound for an unknown host, ErrRefused for another token.
func (r *Registry) Authenticate(ctx context.Context, hostname, token string) error {
	h, err := r.store.Host(ctx, hostname)
	if err != nil {
		return err
	}
	if !sameToken(h.Info.Token, token) {
		return &OpError{Code: "wrong-token", Op: "authenticate", Host: hostname, Text: "wrong token", Err: ErrRefused}
	}
	return nil
}
