package mysqldump

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpaccounts"
)

// oldAccountsFile is the file, in the seed's directory, with the target's accounts from before Restore changed any. It holds
// password hashes.
const oldAccountsFile = "target-accounts.json"

// keepOldAccounts writes the target's accounts to the disk, before one of them is changed; those of an earlier attempt, which
// may have changed some, stay.
func keepOldAccounts(w *method.Work, have *dumpaccounts.Accounts) error {
	path := filepath.Join(w.Dir, oldAccountsFile)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := have.Marshal()
	if err == nil {
		err = writeSynced(path, text)
	}
	if err != nil {
		return fmt.Errorf("keep the target's accounts: %w", err)
	}
	return nil
}

// writeSynced makes a file that is there whole or not at all, also when the host goes down.
func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// putAccountsBack gives the target the accounts that it had before a Restore that did not come to its end.
func (m *Mysqldump) putAccountsBack(ctx context.Context, w *method.Work, s *session) error {
	text, err := os.ReadFile(filepath.Join(w.Dir, oldAccountsFile))
	if errors.Is(err, fs.ErrNotExist) { // it did not come to them
		return nil
	}
	if err != nil {
		return fmt.Errorf("put the target's accounts back: %w", err)
	}
	before, err := dumpaccounts.Parse(text)
	if err != nil {
		return err
	}
	version := ""
	if err := s.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return loadError(err, "putting the target's accounts back")
	}
	server, err := host.ParseServer(version)
	if err != nil {
		return err
	}
	if err := dumpaccounts.PutBack(ctx, s.Conn, before, server, w.Run.Say); err != nil {
		return loadError(err, "putting the target's accounts back")
	}
	w.Run.Say(fmt.Sprintf("the target has its %d accounts from before the seed", len(before.List)))
	return nil
}

// forgetOldAccounts removes what keepOldAccounts wrote.
func forgetOldAccounts(dir string) error {
	for _, name := range []string{oldAccountsFile, oldAccountsFile + ".new"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove files of the seed: %w", err)
		}
	}
	return nil
}
