package methodtest

import (
	"context"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// Stage is a function of the stand-in's; nil completes at once.
type Stage func(ctx context.Context, w *method.Work) error

// Method is the stand-in. The zero value is a Mysqldump that does nothing, well.
type Method struct {
	As         agentapi.Method // default Mysqldump
	Unoffered  error           // why Offer says no
	OnPrepare  Stage
	OnBackup   Stage
	OnRestore  Stage
	OnCleanup  Stage
	OnRelease  Stage
	OnMetadata func(ctx context.Context, w *method.Work) (agentapi.Metadata, error)
}

var _ method.Method = (*Method)(nil)

// Name is As.
func (m *Method) Name() agentapi.Method {
	if m.As == "" {
		return agentapi.Mysqldump
	}
	return m.As
}

// Offer offers the method as Mysqldump is offered, or says Unoffered.
func (m *Method) Offer(context.Context) (agentapi.MethodOffer, error) {
	if m.Unoffered != nil {
		return agentapi.MethodOffer{}, m.Unoffered
	}
	return agentapi.MethodOffer{BackupSide: agentapi.Target, SupportedEngines: []string{"InnoDB"}}, nil
}

// Prepare, Backup, Restore, Cleanup, Release and Metadata call the test's functions.
func (m *Method) Prepare(ctx context.Context, w *method.Work) error { return call(ctx, w, m.OnPrepare) }

// Backup calls OnBackup.
func (m *Method) Backup(ctx context.Context, w *method.Work) error { return call(ctx, w, m.OnBackup) }

// Restore calls OnRestore.
func (m *Method) Restore(ctx context.Context, w *method.Work) error { return call(ctx, w, m.OnRestore) }

// Cleanup calls OnCleanup.
func (m *Method) Cleanup(ctx context.Context, w *method.Work) error { return call(ctx, w, m.OnCleanup) }

// Release calls OnRelease.
func (m *Method) Release(ctx context.Context, w *method.Work) error { return call(ctx, w, m.OnRelease) }

// Metadata calls OnMetadata.
func (m *Method) Metadata(ctx context.Context, w *method.Work) (agentapi.Metadata, error) {
	if m.OnMetadata == nil {
		return agentapi.Metadata{}, nil
	}
	return m.OnMetadata(ctx, w)
}

func call(ctx context.Context, w *method.Work, f Stage) error {
	if f == nil {
		return nil
	}
	return f(ctx, w)
}
