package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
)

// ErrFailing is what a Failing store answers.
var ErrFailing = errors.New("the backend is away")

// Inner is what a Failing store stands before.
type Inner interface {
	agent.Store
	agent.Queries
}

// Failing is a store that fails, always or in some calls: for tests of what a service does while its backend is away. Calls
// that it lets through are answered by the store behind it.
type Failing struct {
	inner Inner

	mu   sync.Mutex
	when func(call string) bool
}

var _ Inner = (*Failing)(nil)

// NewFailing returns a store that fails in every call until FailWhen says otherwise. inner may be nil if no call is ever let
// through.
func NewFailing(inner Inner) *Failing {
	return &Failing{inner: inner, when: func(string) bool { return true }}
}

// FailWhen makes those calls fail for whose name ("Transition") when returns true; nil lets all through.
func (x *Failing) FailWhen(when func(call string) bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.when = when
}

func (x *Failing) fail(call string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.when == nil || !x.when(call) {
		return nil
	}
	return fmt.Errorf("%s: %w", call, ErrFailing)
}

func (x *Failing) CreateSeed(ctx context.Context, f agent.Fence, s *agent.Seed, rows []agent.StageState, audit agent.AuditEntry, dt *agent.Downtime, maxActive, maxPerSource int) (*agent.Seed, error) {
	if err := x.fail("CreateSeed"); err != nil {
		return nil, err
	}
	return x.inner.CreateSeed(ctx, f, s, rows, audit, dt, maxActive, maxPerSource)
}

func (x *Failing) Transition(ctx context.Context, f agent.Fence, t agent.Transition) (*agent.Seed, error) {
	if err := x.fail("Transition"); err != nil {
		return nil, err
	}
	return x.inner.Transition(ctx, f, t)
}

func (x *Failing) Seed(ctx context.Context, id int64) (*agent.Seed, error) {
	if err := x.fail("Seed"); err != nil {
		return nil, err
	}
	return x.inner.Seed(ctx, id)
}

func (x *Failing) WorkVersions(ctx context.Context) ([]agent.SeedVersion, error) {
	if err := x.fail("WorkVersions"); err != nil {
		return nil, err
	}
	return x.inner.WorkVersions(ctx)
}

func (x *Failing) WakeSeed(ctx context.Context, id int64) error {
	if err := x.fail("WakeSeed"); err != nil {
		return err
	}
	return x.inner.WakeSeed(ctx, id)
}

func (x *Failing) WorkSeeds(ctx context.Context) ([]*agent.Seed, error) {
	if err := x.fail("WorkSeeds"); err != nil {
		return nil, err
	}
	return x.inner.WorkSeeds(ctx)
}

func (x *Failing) SaveHost(ctx context.Context, h *agent.Host) error {
	if err := x.fail("SaveHost"); err != nil {
		return err
	}
	return x.inner.SaveHost(ctx, h)
}

func (x *Failing) SaveHostFacts(ctx context.Context, h *agent.Host) error {
	if err := x.fail("SaveHostFacts"); err != nil {
		return err
	}
	return x.inner.SaveHostFacts(ctx, h)
}

func (x *Failing) TouchHost(ctx context.Context, hostname string, at time.Time) error {
	if err := x.fail("TouchHost"); err != nil {
		return err
	}
	return x.inner.TouchHost(ctx, hostname, at)
}

func (x *Failing) Host(ctx context.Context, hostname string) (*agent.Host, error) {
	if err := x.fail("Host"); err != nil {
		return nil, err
	}
	return x.inner.Host(ctx, hostname)
}

func (x *Failing) HostsNamed(ctx context.Context, hostnames []string) ([]*agent.Host, error) {
	if err := x.fail("HostsNamed"); err != nil {
		return nil, err
	}
	return x.inner.HostsNamed(ctx, hostnames)
}

func (x *Failing) HostsDue(ctx context.Context, status agent.HostStatus, before time.Time, limit int) ([]*agent.Host, error) {
	if err := x.fail("HostsDue"); err != nil {
		return nil, err
	}
	return x.inner.HostsDue(ctx, status, before, limit)
}

func (x *Failing) ForgetHosts(ctx context.Context, unseenSince time.Time) ([]string, error) {
	if err := x.fail("ForgetHosts"); err != nil {
		return nil, err
	}
	return x.inner.ForgetHosts(ctx, unseenSince)
}

func (x *Failing) Audit(ctx context.Context, e agent.AuditEntry) error {
	if err := x.fail("Audit"); err != nil {
		return err
	}
	return x.inner.Audit(ctx, e)
}

func (x *Failing) Purge(ctx context.Context, seedsBefore, auditBefore time.Time) error {
	if err := x.fail("Purge"); err != nil {
		return err
	}
	return x.inner.Purge(ctx, seedsBefore, auditBefore)
}

func (x *Failing) Seeds(ctx context.Context, f agent.SeedFilter) ([]*agent.Seed, error) {
	if err := x.fail("Seeds"); err != nil {
		return nil, err
	}
	return x.inner.Seeds(ctx, f)
}

func (x *Failing) SeedStates(ctx context.Context, seedID int64) ([]agent.StageState, error) {
	if err := x.fail("SeedStates"); err != nil {
		return nil, err
	}
	return x.inner.SeedStates(ctx, seedID)
}

func (x *Failing) LastStateID(ctx context.Context) (int64, error) {
	if err := x.fail("LastStateID"); err != nil {
		return 0, err
	}
	return x.inner.LastStateID(ctx)
}

func (x *Failing) SeedStatesSince(ctx context.Context, afterID int64, limit int) ([]agent.StageState, error) {
	if err := x.fail("SeedStatesSince"); err != nil {
		return nil, err
	}
	return x.inner.SeedStatesSince(ctx, afterID, limit)
}

func (x *Failing) Hosts(ctx context.Context, f agent.HostFilter) ([]*agent.Host, error) {
	if err := x.fail("Hosts"); err != nil {
		return nil, err
	}
	return x.inner.Hosts(ctx, f)
}

func (x *Failing) HostNames(ctx context.Context, prefix string) ([]string, error) {
	if err := x.fail("HostNames"); err != nil {
		return nil, err
	}
	return x.inner.HostNames(ctx, prefix)
}

func (x *Failing) ClusterAliases(ctx context.Context, prefix string) ([]string, error) {
	if err := x.fail("ClusterAliases"); err != nil {
		return nil, err
	}
	return x.inner.ClusterAliases(ctx, prefix)
}

func (x *Failing) AuditPage(ctx context.Context, page, perPage int) ([]agent.AuditRow, error) {
	if err := x.fail("AuditPage"); err != nil {
		return nil, err
	}
	return x.inner.AuditPage(ctx, page, perPage)
}

func (x *Failing) SetHostAttribute(ctx context.Context, host, name, value string) error {
	if err := x.fail("SetHostAttribute"); err != nil {
		return err
	}
	return x.inner.SetHostAttribute(ctx, host, name, value)
}

func (x *Failing) HostAttributes(ctx context.Context, name, valueMatch string) ([]agent.HostAttribute, error) {
	if err := x.fail("HostAttributes"); err != nil {
		return nil, err
	}
	return x.inner.HostAttributes(ctx, name, valueMatch)
}

func (x *Failing) CountSeeds(ctx context.Context) ([]agent.SeedCount, error) {
	if err := x.fail("CountSeeds"); err != nil {
		return nil, err
	}
	return x.inner.CountSeeds(ctx)
}

func (x *Failing) Ping(ctx context.Context) error {
	if err := x.fail("Ping"); err != nil {
		return err
	}
	return x.inner.Ping(ctx)
}
