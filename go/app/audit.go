package app

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
)

// backend is the store, with every audit line that was stored also written to AuditLogFile.
type backend struct {
	*store.Store
	audit *auditFile // nil: no file
}

func (b backend) CreateSeed(ctx context.Context, f agent.Fence, s *agent.Seed, rows []agent.StageState, audit agent.AuditEntry, dt *agent.Downtime, maxActive, maxPerSource int) (*agent.Seed, error) {
	made, err := b.Store.CreateSeed(ctx, f, s, rows, audit, dt, maxActive, maxPerSource)
	if err == nil {
		b.audit.write(audit)
	}
	return made, err
}

func (b backend) Transition(ctx context.Context, f agent.Fence, t agent.Transition) (*agent.Seed, error) {
	after, err := b.Store.Transition(ctx, f, t)
	if err == nil {
		b.audit.write(t.Audit...)
	}
	return after, err
}

func (b backend) Audit(ctx context.Context, e agent.AuditEntry) error {
	err := b.Store.Audit(ctx, e)
	if err == nil {
		b.audit.write(e)
	}
	return err
}

// auditFile is AuditLogFile: a line for each entry, tab-separated: time, type, host, port, user, text.
type auditFile struct {
	path string
	fail func(error)
	mu   sync.Mutex
}

// write appends the entries. The file is opened each time, so that it may be rotated; one that can't be written is
// reported and keeps nothing from going on, because the audit's table has the entries.
func (a *auditFile) write(entries ...agent.AuditEntry) {
	if a == nil || len(entries) == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	f, err := os.OpenFile(a.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		a.fail(err)
		return
	}
	for _, e := range entries {
		at := e.At
		if at.IsZero() {
			at = time.Now()
		}
		if _, err := fmt.Fprintf(f, "%s\t%s\t%s\t%d\t%s\t%s\n", at.UTC().Format(time.DateTime), e.Type, e.Host, e.Port, e.User, e.Message); err != nil {
			a.fail(err)
			break
		}
	}
	if err := f.Close(); err != nil {
		a.fail(err)
	}
}
