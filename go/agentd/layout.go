package agentd

import (
	"context"
	"strconv"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
)

const (
	layoutSoon  = time.Minute // between looks for a server that has not told its layout yet
	layoutLater = time.Hour   // between looks for changes
)

// watchLayout has the data directory's layout noted while MySQL runs: a seed onto a host whose MySQL is dead goes by it. Of
// a server that is down it is what was noted before, or what the server's configuration says. Nothing is logged when there
// is none: the check of a seed, and the seed itself, say so to whom it concerns.
func (a *App) watchLayout(ctx context.Context) {
	keeper := a.keeper(false)
	for {
		wait := layoutSoon
		l, err := keeper.Layout(ctx)
		if err == nil {
			a.layout.Store(&l)
			if l.Running {
				wait = layoutLater
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// noted is what is known of the server while it does not run.
func (a *App) noted() (dataDir string, note *agentapi.MySQLNote) {
	l := a.layout.Load()
	if l == nil {
		return "", nil
	}
	return l.DataDir, noteOf(l)
}

func noteOf(l *datadir.Layout) *agentapi.MySQLNote {
	n := &agentapi.MySQLNote{Version: l.Version}
	n.ServerID, _ = strconv.ParseInt(l.Vars["server_id"], 10, 64) // 0: not known
	n.PageSize, _ = strconv.ParseInt(l.Vars["innodb_page_size"], 10, 64)
	if v, err := strconv.Atoi(l.Vars["lower_case_table_names"]); err == nil {
		n.LowerCaseTableNames = &v
	}
	return n
}
