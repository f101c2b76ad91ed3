package cloneplugin

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/quiet"
)

// plan is what Prepare decided on the target.
type plan struct {
	// InPlace: the server clones over its own data.
	InPlace bool `json:",omitempty"`
	// Receive is the keeper's directory, and Dir the one in it that the server makes and clones into.
	Receive string `json:",omitempty"`
	Dir     string `json:",omitempty"`
}

// rememberPlan is the journal's key for it.
const rememberPlan = "clone-plan"

func recallPlan(w *method.Work) (p plan, found bool, err error) {
	found, err = w.Run.Recall(rememberPlan, &p)
	return p, found && p != plan{}, err
}

// prepareTarget is Prepare on the target. MySQL goes on running on its data.
func (m *ClonePlugin) prepareTarget(ctx context.Context, w *method.Work) error {
	if err := m.startOver(ctx, w); err != nil {
		return err
	}
	db, err := m.local(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	target, client, err := checkRecipient(ctx, db)
	if err != nil {
		return err
	}
	need := w.Terms.SourceBytes
	if w.PeerHost != "" && w.SourceMySQLPort != 0 { // a service of others tells them at Backup
		src, _, err := m.donor(ctx, w, target, client)
		if err != nil {
			return err
		}
		need = cmp.Or(donorBytes(ctx, src), need)
		src.Close()
	}
	if err := m.install(ctx, w, db); err != nil {
		return err
	}
	if err := m.settings.apply(ctx, w, db); err != nil {
		return err
	}
	p, err := m.place(ctx, w, target, need)
	if err != nil {
		return err
	}
	return w.Run.Remember(rememberPlan, p)
}

// startOver ends what an earlier attempt left, has the server on its old data, and makes the journal say that nothing was
// cloned.
func (m *ClonePlugin) startOver(ctx context.Context, w *method.Work) error {
	p, found, err := recallPlan(w)
	if err != nil || !found {
		return err
	}
	if err := m.endEverything(ctx, w, p); err != nil {
		return err
	}
	if err := m.o.Keeper.PutBack(ctx, w); err != nil {
		return err
	}
	db, err := m.local(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := quiet.Noisy(ctx, w, db); err != nil {
		return err
	}
	return errors.Join(w.Run.Remember(rememberClone, record{}), w.Run.Remember(rememberPlan, plan{}), w.Run.Remember(rememberPosition, agentapi.Metadata{}), quiet.Forget(w))
}

// checkRecipient says why this server can't become a clone; client is where it sees the agent come from.
func checkRecipient(ctx context.Context, db *sql.DB) (f *facts, client string, err error) {
	if f, err = readFacts(ctx, db); err != nil {
		return nil, "", err
	}
	if err := checkPrivileges(ctx, db, "target", ofRecipient(f.version)); err != nil {
		return nil, "", err
	}
	var replicas int
	err = db.QueryRowContext(ctx, `SELECT SUBSTRING_INDEX(USER(), '@', -1), COUNT(*) FROM performance_schema.threads WHERE processlist_command LIKE 'Binlog Dump%'`).Scan(&client, &replicas)
	if err != nil {
		return nil, "", queryError(err, "look for replicas of the target")
	}
	if replicas > 0 {
		return nil, "", failed(CodeReplicas, "move the replicas to another source, then retry the seed", nil,
			"%d replicas read from the target's MySQL: replacing its data would break them; nothing was changed", replicas)
	}
	return f, client, nil
}

// place decides where the clone goes.
func (m *ClonePlugin) place(ctx context.Context, w *method.Work, target *facts, need int64) (plan, error) {
	place, err := m.o.Keeper.Begin(ctx, w, need)
	if err == nil && inside(place.Receive, place.Layout.Real) {
		if err = m.o.Keeper.PutBack(ctx, w); err == nil {
			err = failed(CodeDirectory, "set allow-erase = true to let MySQL clone over its old data, or use another method", nil,
				"the data directory %s is a mount point: a clone beside the old data would have to be inside of it, which MySQL refuses", place.Layout.DataDir)
		}
	}
	switch {
	case err == nil:
		w.Run.Say("the clone comes beside the old data, on which MySQL goes on running: " + place.Receive)
		return plan{Receive: place.Receive, Dir: filepath.Join(place.Receive, "clone")}, nil
	case m.o.AllowErase && noRoom(err):
		w.Run.Say(fmt.Sprintf("MySQL will clone over its old data in %s, which are gone as soon as the backup begins: %v", target.datadir, err))
		return plan{InPlace: true}, nil
	}
	return plan{}, err
}

// noRoom says whether the old data can't be kept beside the new for a reason that erasing them solves.
func noRoom(err error) bool {
	var e *method.StageError
	return errors.As(err, &e) && (e.Code == codeNoRoom || e.Code == CodeDirectory)
}

// codeNoRoom is the keeper's.
const codeNoRoom = "datadir-no-room"

func inside(path, dir string) bool {
	return strings.HasPrefix(filepath.Clean(path)+"/", strings.TrimRight(filepath.Clean(dir), "/")+"/")
}
