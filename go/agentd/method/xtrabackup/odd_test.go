package xtrabackup_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/xtrabackup"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/stream"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestDefinitionsThatChangeDuringTheCopyAreCarriedOrTheOldDataStay(t *testing.T) {
	w := newWorld(t, options{})
	w.withOldData(48 << 20)
	w.src.run.SetLimit(24 << 20)
	db := w.src.server.Open("")
	defer db.Close()
	load, err := sandbox.WriteLoad(t.Context(), db, sandbox.LoadOptions{Rate: 400, Bulk: "sbtest.sbtest1", DDL: true})
	if err != nil {
		t.Fatal(err)
	}
	defer load.Stop()
	stop, stopped := make(chan struct{}), make(chan int, 1)
	go func() { // rebuilds and renames, as fast as the server takes them
		n := 0
		defer func() { stopped <- n }()
		for ; ; n++ {
			for _, q := range []string{"CREATE OR REPLACE TABLE sbtest.x (a INT PRIMARY KEY) SELECT seq a FROM sbtest.seq_1_to_500", "ALTER TABLE sbtest.x ADD b INT, ALGORITHM=COPY",
				"ALTER TABLE sbtest.x FORCE", "RENAME TABLE sbtest.x TO sbtest.y", "DROP TABLE sbtest.y"} {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := db.ExecContext(t.Context(), q); err != nil {
					t.Errorf("%s: %v", q, err)
					return
				}
			}
		}
	}()
	w.prepare()
	source, target := w.backup()
	close(stop)
	rounds := <-stopped
	if _, err := load.Stop(); err != nil {
		t.Error(err)
	}
	t.Logf("%d rounds of changed definitions; the source said %v", rounds, source)
	if source != nil {
		if code := methodtest.Code(source); code != xtrabackup.CodeDDL || target == nil {
			t.Errorf("source %v (%s), target %v", source, code, target)
		}
		w.endsBadly()
		return
	}
	w.must(w.tgt, "restore", w.tgt.m.Restore)
	w.connect()
	w.caughtUp()
	w.same()
	w.cleanup()
	w.nothingLeft()
}

func TestCopyWaitsForALockAndSaysSo(t *testing.T) {
	w := newWorld(t, options{})
	w.withOldData(4 << 20)
	db := w.src.server.Open("sbtest")
	defer db.Close()
	row, err := db.BeginTx(t.Context(), nil) // a transaction that stays open does not keep it
	if err != nil {
		t.Fatal(err)
	}
	defer row.Rollback()
	if _, err := row.Exec("UPDATE sbtest2 SET k = k + 1 LIMIT 10"); err != nil {
		t.Fatal(err)
	}
	table, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	if _, err := table.ExecContext(t.Context(), "LOCK TABLES sbtest1 WRITE"); err != nil {
		t.Fatal(err)
	}
	w.prepare()
	done := make(chan [2]error, 1)
	go func() {
		source, target := w.backup()
		done <- [2]error{source, target}
	}()
	sandbox.Eventually(t, 30*time.Second, func() error {
		for _, p := range w.src.run.Progressed() {
			if strings.Contains(p.What, "BACKUP STAGE") {
				return nil
			}
		}
		return errors.New("no word of the lock")
	})
	select {
	case errs := <-done:
		t.Fatalf("did not wait: %v", errs)
	default:
	}
	if _, err := table.ExecContext(t.Context(), "UNLOCK TABLES"); err != nil {
		t.Fatal(err)
	}
	if errs := <-done; errs[0] != nil || errs[1] != nil {
		t.Fatalf("backup: %v", errs)
	}
	if err := row.Rollback(); err != nil {
		t.Fatal(err)
	}
	w.must(w.tgt, "restore", w.tgt.m.Restore)
	w.same()
	w.cleanup()
	w.nothingLeft()
}

func TestManyTablesArrive(t *testing.T) {
	w := newWorld(t, options{})
	var b strings.Builder
	for i := range 6 { // thousands are in the table of faults
		b.Reset()
		b.WriteString("BEGIN NOT ATOMIC ")
		for k := range 50 {
			fmt.Fprintf(&b, "CREATE TABLE many.t%d (a INT PRIMARY KEY, b VARCHAR(20)) ENGINE=InnoDB; INSERT INTO many.t%[1]d VALUES (%[1]d, 'row'); ", i*50+k)
		}
		b.WriteString("END")
		statements := []string{"SET sql_log_bin = 0", "CREATE DATABASE IF NOT EXISTS many", b.String()}
		w.exec(w.src.server, statements...)
	}
	w.exec(w.src.server, "CREATE TABLE many.last (a INT PRIMARY KEY)") // to the binary log, for a position
	w.seed()
	w.same()
	w.cleanup()
	w.nothingLeft()
}

func TestTargetWhoseDiskFillsUpKeepsItsOldData(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=120m"); err != nil {
		t.Fatalf("mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	w := newWorld(t, options{targetDir: filepath.Join(dir, "db"), target: []string{"innodb_log_file_size=8M"}})
	w.withOldData(80 << 20)
	w.prepare()
	source, target := w.backup()
	if methodtest.Code(target) != xtrabackup.CodeDiskFull {
		t.Errorf("the target says %v with code %q", target, methodtest.Code(target))
	}
	if methodtest.Code(source) != stream.CodePeerFailed || !strings.Contains(source.Error(), "no space left for the new data") {
		t.Errorf("the source says %v with code %q", source, methodtest.Code(source))
	}
	w.endsBadly()
}

func TestServerThatDoesNotStartOnTheCopyIsPutBack(t *testing.T) {
	w := newWorld(t, options{})
	w.withOldData(4 << 20)
	w.prepare()
	w.mustBackup()
	start := w.tgt.server.StartCommand()
	if err := os.Rename(start, start+".real"); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\n[ ! -d '%s/sbtest' ] || { echo 'does not start on this' >&2; exit 1; }\nexec '%s.real'\n", w.tgt.server.Datadir, start)
	if err := sandbox.WriteProgram(start, script); err != nil {
		t.Fatal(err)
	}
	err := w.tgt.m.Restore(t.Context(), w.tgt.work)
	if err == nil || !strings.Contains(err.Error(), "does not start on this") {
		t.Errorf("restore says %v", err)
	}
	if err := w.tgt.m.Restore(t.Context(), w.tgt.work); err == nil {
		t.Error("and again, all is well")
	}
	w.endsBadly()
}

func TestTablesOutsideTheDataDirectoryAreRefusedBeforeAnythingBegins(t *testing.T) {
	w := newWorld(t, options{})
	outside := t.TempDir()
	w.exec(w.src.server, "CREATE DATABASE far", "CREATE TABLE far.away (a INT) DATA DIRECTORY='"+outside+"'", "CREATE TABLE far.old (a INT) ENGINE=MyISAM DATA DIRECTORY='"+outside+"'", "INSERT INTO far.old VALUES (3)")
	err := w.src.m.Prepare(t.Context(), w.src.work)
	if methodtest.Code(err) != xtrabackup.CodeUnfit || !strings.Contains(err.Error(), filepath.Join(outside, "far", "away.ibd")) {
		t.Errorf("prepare says %v", err)
	}
	w.exec(w.src.server, "DROP TABLE far.away")
	w.seed() // MyISAM's come into the data directory
	if got := w.query(w.tgt.server, "SELECT a FROM far.old"); len(got) != 1 || got[0] != "3" {
		t.Errorf("the MyISAM table holds %v", got)
	}
	w.cleanup()
	w.nothingLeft()
}

func TestEncryptedTablesArriveWhereTheKeysAre(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte("1;770A8A65DA156D24EE2A093277530142\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := []string{"plugin_load_add=file_key_management", "file_key_management_filename=" + keys, "innodb_encrypt_tables=ON", "innodb_encrypt_log=ON", "aria_encrypt_tables=ON"}
	w := newWorld(t, options{source: lines, target: lines})
	w.exec(w.src.server, "CREATE DATABASE secret", "CREATE TABLE secret.a (a INT PRIMARY KEY, b TEXT) ENCRYPTED=YES", "CREATE TABLE secret.b (a INT PRIMARY KEY) ENGINE=Aria",
		"CREATE TABLE secret.c (a INT PRIMARY KEY, b TEXT) PAGE_COMPRESSED=1", "INSERT INTO secret.a VALUES (1, 'x')", "INSERT INTO secret.b VALUES (1)", "INSERT INTO secret.c VALUES (1, REPEAT('x', 30000))")
	w.seed()
	w.same()
	w.cleanup()
	w.nothingLeft()
}

func TestFilesThatTheToolCompressedNeedQpressAndSayItBeforeAnythingIsReplaced(t *testing.T) {
	if path, err := exec.LookPath("qpress"); err == nil {
		t.Setenv("PATH", strings.ReplaceAll(os.Getenv("PATH"), filepath.Dir(path), ""))
	}
	w := newWorld(t, options{extra: []string{"--compress"}})
	w.withOldData(4 << 20)
	err := w.tgt.m.Prepare(t.Context(), w.tgt.work)
	if methodtest.Code(err) != xtrabackup.CodeTool || !strings.Contains(err.Error(), "qpress") {
		t.Errorf("prepare says %v", err)
	}
	w.tgt.as(t, options{}, w.src.work.Terms.DataPort, w.tgt.server.AgentUser, w.tgt.server.Passwords.Agent) // only the source knows of it
	w.prepare()
	w.mustBackup()
	err = w.tgt.m.Restore(t.Context(), w.tgt.work)
	if methodtest.Code(err) != xtrabackup.CodeTool || !strings.Contains(err.Error(), "qpress") {
		t.Errorf("restore says %v", err)
	}
	w.endsBadly()
}
