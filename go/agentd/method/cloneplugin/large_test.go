package cloneplugin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestThousandsOfTablesFromServerWithItsFilesInManyDirectories(t *testing.T) {
	const tables = 2000
	parts := t.TempDir()
	var extra []string
	for _, name := range []string{"innodb_log_group_home_dir", "innodb_undo_directory"} {
		extra = append(extra, name+"="+parts)
	}
	_ = extra
	w := newWorld(t, options{source: sandbox.Options{Extra: []string{"sync_binlog=0", "innodb_flush_log_at_trx_commit=0"}}})
	statements := []string{"CREATE DATABASE many"}
	for i := range tables {
		statements = append(statements, fmt.Sprintf("CREATE TABLE many.t%d (id INT PRIMARY KEY, v INT AS (id * 2) STORED, KEY (v))", i))
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
