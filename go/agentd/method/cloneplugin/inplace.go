package cloneplugin

import (
	"context"
	"errors"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// restarts says whether a clone over the server's own data ended as it should: the server restarts, or stops where nothing
// would start it again, and in either case the connection goes.
func restarts(err error) bool {
	number := host.Errno(err)
	return number == errRestartFailed || number == 0 && !errors.Is(err, context.Canceled)
}

// comeBack finds out what became of a clone over the server's own data when the agent was killed: over says that the server
// runs on it.
func (m *ClonePlugin) comeBack(ctx context.Context, w *method.Work) (over bool, err error) {
	var r record
	if found, err := w.Run.Recall(rememberClone, &r); err != nil || !found || r.ID == 0 {
		return false, err
	}
	if r.Done {
		return true, nil
	}
	if !m.o.Host.MySQLRunning(ctx) {
		return true, m.onClone(ctx, w, r)
	}
	db, err := m.local(ctx)
	if err != nil {
		return false, err
	}
	defer db.Close()
	s, err := readStatus(ctx, db)
	if err != nil || !s.onClone(r) || s.state != stateCompleted {
		return false, err
	}
	return true, m.onClone(ctx, w, r)
}

// onClone waits until the server runs on what it cloned over its data, and starts it where nothing else does.
func (m *ClonePlugin) onClone(ctx context.Context, w *method.Work, r record) error {
	w.Run.Progress(0, 0, "MySQL restarts on the clone")
	const patience = 10 * time.Minute // for a server that still answers as the old one
	var end error
	down := 0
	err := until(ctx, patience, func() error {
		s, err := m.lookAgain(ctx)
		if err == nil {
			down = 0
			if !s.onClone(r) {
				return errors.New("MySQL has not restarted yet")
			}
			end = s.err()
			return nil
		}
		if m.o.Host.MySQLRunning(ctx) {
			down = 0
			return err
		}
		if down++; down < 10 { // a supervisor takes a moment
			return err
		}
		w.Run.Say("MySQL stopped after the clone, and nothing starts it: the agent does")
		if end = m.o.Host.StartMySQL(ctx); end != nil {
			end = failed(CodeStart, "see the end of the target's error log (agent-mysql-error-log)", end, "MySQL does not start on the clone")
			return nil
		}
		down = 0
		return errors.New("MySQL was started")
	})
	if err = errors.Join(cause(ctx, err), end); err != nil {
		return err
	}
	if err := m.settle(ctx, w, r); err != nil {
		return err
	}
	r.Done = true
	return w.Run.Remember(rememberClone, r)
}

func (m *ClonePlugin) lookAgain(ctx context.Context) (*status, error) {
	db, err := m.local(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return readStatus(ctx, db)
}
