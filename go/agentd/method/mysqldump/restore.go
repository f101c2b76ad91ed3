package mysqldump

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpaccounts"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpfile"
)

// Restore implements method.Method: on the target, the dump replaces all user schemas and all accounts. It begins anew
// whenever it is called.
func (m *Mysqldump) Restore(ctx context.Context, w *method.Work) error {
	if w.Side != agentapi.Target {
		return nil
	}
	err := m.restore(ctx, w)
	if ctx.Err() == nil {
		err = onFullDisk(w, err)
	}
	return cause(ctx, err)
}

func (m *Mysqldump) restore(ctx context.Context, w *method.Work) (err error) {
	d, err := m.proven(ctx, w)
	if err != nil {
		return err
	}
	defer d.Close()
	db, err := m.o.Servers.Open(ctx, m.o.Servers.Local())
	if err != nil {
		return failed(CodeConnection, "see that MySQL runs on this host and that the agent's account may log in", err, "")
	}
	defer db.Close()
	server, err := m.o.Servers.Server(ctx, db)
	if err != nil {
		return err
	}
	if string(server.Flavour) != d.Flavour {
		return &method.StageError{Code: CodeLoad, Permanent: true,
			Text: fmt.Sprintf("the dump is of %s %s and can't be loaded into %s %s", d.Flavour, d.Version, server.Flavour, server.Version)}
	}
	accounts, err := dumpaccounts.Parse(d.Accounts)
	if err != nil {
		return err
	}
	l := &loader{m: m, w: w, d: d, db: db, server: server, accounts: accounts}
	if m.o.Carrier != nil {
		sizes, err := m.o.Carrier.Sizes(d.Rows)
		if err != nil {
			return err
		}
		l.carried = sum(sizes)
	}
	defer func() {
		if err != nil {
			l.stopHalfway(ctx)
		}
	}()
	if err := l.knowDatadir(ctx); err != nil {
		return err
	}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	if err := w.Run.Remember(rememberLoading, true); err != nil {
		return err
	}
	if err := l.load(ctx); err != nil {
		return err
	}
	if err := errors.Join(w.Run.Remember(rememberDropping, []string{}), w.Run.Remember(rememberLoading, false)); err != nil {
		return err
	}
	if err := forgetOldAccounts(w.Dir); err != nil {
		return err
	}
	return w.Run.Remember(rememberConnections, []int64{})
}

// proven opens the dump and holds every byte of it against its index.
func (m *Mysqldump) proven(ctx context.Context, w *method.Work) (*dumpfile.Dump, error) {
	hint := "the backup has to be made again"
	d, err := dumpfile.Open(w.Dir)
	if err != nil {
		return nil, failed(CodeDamaged, hint, err, "nothing was changed on this host")
	}
	err = d.Verify(func(int64) error {
		w.Run.Progress(0, d.Raw, "checking the dump")
		return ctx.Err()
	})
	if err != nil {
		return nil, errors.Join(failed(CodeDamaged, hint, err, "nothing was changed on this host"), d.Close())
	}
	if m.o.Carrier == nil {
		return d, nil
	}
	if err := m.o.Carrier.Verify(ctx, w, d.Rows); err != nil {
		return nil, errors.Join(failed(CodeDamaged, hint, err, "nothing was changed on this host"), d.Close())
	}
	return d, nil
}

// remove removes the dump, a carrier's rows, and option files that a killed agent left.
func (m *Mysqldump) remove(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, "client-*.cnf"))
	if err != nil {
		return fmt.Errorf("remove files of the seed: %w", err)
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove files of the seed: %w", err)
		}
	}
	if err := dumpfile.Remove(dir); err != nil || m.o.Carrier == nil {
		return err
	}
	return m.o.Carrier.Remove(dir)
}

// fullDisk finds a full disk in errors whose own number says only what could not be done ("Can't create table", "Got error
// ... from storage engine"): the system's number 28, or a storage engine's 135.
var fullDisk = regexp.MustCompile(`(?i)(errno: |got error |error: )(28|135)\b|no space left`)

// loadError says what a statement's error means.
func loadError(err error, what string) error {
	hint := "see the error of the target's MySQL; the seed may be retried at Restore once it is solved"
	if fullDisk.MatchString(err.Error()) {
		return failed(CodeDiskFull, "free space in the target's data directory", err, "%s", what)
	}
	switch host.Errno(err) {
	case 0:
		return failed(CodeConnection, "see the error log of the target's MySQL: did it go down?", err, "lost the target's MySQL while %s", what)
	case 1114, 1021, 3: // table is full, disk full, error writing file
		return failed(CodeDiskFull, "free space in the target's data directory", err, "%s", what)
	case 1044, 1045, 1142, 1227:
		hint = "the agent's account lacks a privilege on the target; docs/methods/mysqldump.md lists those it needs"
	}
	return failed(CodeLoad, hint, err, "%s", what)
}
