package cloneplugin_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestManyTablesAndTablespacesOfOtherKinds(t *testing.T) {
	t.Parallel()
	const tables = 250 // thousands are in the table of faults
	w := newWorld(t, options{source: sandbox.Options{Extra: []string{"sync_binlog=0", "innodb_flush_log_at_trx_commit=0"}}})
	statements := []string{"CREATE DATABASE many"}
	for i := range tables {
		statements = append(statements, fmt.Sprintf("CREATE TABLE many.t%d (id INT PRIMARY KEY)", i))
	}
	statements = append(statements, "CREATE TABLESPACE shared ADD DATAFILE 'shared.ibd'", "CREATE TABLE many.s (id INT PRIMARY KEY) TABLESPACE shared",
		"CREATE UNDO TABLESPACE more ADD DATAFILE 'more.ibu'", "INSERT INTO many.s VALUES (1)", "INSERT INTO many.t7 (id) VALUES (1), (2)")
	w.source.exec(statements...)
	w.seed()
	w.connect()
	w.target.cleanup()
	w.source.cleanup()
	if n := w.target.ask("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'many'"); n != fmt.Sprint(tables+1) {
		t.Errorf("%s tables", n)
	}
	w.same()
	w.nothingLeft()
	if !strings.Contains(w.target.ask("SELECT tablespace_name FROM information_schema.files WHERE file_type = 'UNDO LOG'"), "more") {
		t.Error("the undo tablespace did not come along")
	}
}

func TestServersWithRedoUndoAndSystemFilesElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.source.apart()
	w.target.apart()
	w.fill(24<<20, 2)
	w.source.exec("CREATE UNDO TABLESPACE more ADD DATAFILE 'more.ibu'")
	check := w.untouched()
	w.prepare()
	w.target.backup()
	w.target.restore()
	w.target.release() // the gate was not passed: the old data come back
	w.source.release()
	check()
	w.seed()
	w.target.restore() // as an agent that was restarted before it could tell the end of it
	w.connect()
	w.target.cleanup()
	w.source.cleanup()
	w.same()
	w.nothingLeft()
}

// apart moves the server's redo log, undo tablespaces and system tablespace out of its data directory.
func (a *agent) apart() {
	a.t.Helper()
	if err := a.Stop(a.t.Context()); err != nil {
		a.t.Fatal(err)
	}
	config, err := os.ReadFile(a.Defaults)
	if err != nil {
		a.t.Fatal(err)
	}
	for variable, pattern := range map[string]string{
		"innodb_log_group_home_dir": "#innodb_redo", "innodb_undo_directory": "undo_*", "innodb_data_home_dir": "ibdata*", "innodb_doublewrite_dir": "*.dblwr",
	} {
		dir := filepath.Join(a.Dir, variable)
		config = append(config, variable+"="+dir+"\n"...)
		files, err := filepath.Glob(filepath.Join(a.Datadir, pattern))
		if err = errors.Join(err, os.Mkdir(dir, 0o700)); err != nil {
			a.t.Fatal(err)
		}
		for _, f := range files {
			if err := os.Rename(f, filepath.Join(dir, filepath.Base(f))); err != nil {
				a.t.Fatal(err)
			}
		}
	}
	if err := errors.Join(os.WriteFile(a.Defaults, config, 0o600), a.Restart(a.t.Context())); err != nil {
		a.t.Fatal(err)
	}
}
