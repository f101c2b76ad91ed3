package xtrabackup_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/xtrabackup"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestAccountWithTheDocumentedPrivilegesIsEnoughAndOneLessIsSaidInPrepare(t *testing.T) {
	w := newWorld(t, options{})
	w.withOldData(4 << 20)
	w.exec(w.src.server, "CREATE USER 'le''ast@x'@'%' IDENTIFIED BY 'p\"w'", "GRANT RELOAD, PROCESS, BINLOG MONITOR ON *.* TO 'le''ast@x'@'%'")
	w.settle()
	w.src.as(t, options{}, w.src.work.Terms.DataPort, "le'ast@x", `p"w`)
	w.seed()
	w.same()
	w.cleanup()
	for _, less := range []string{"RELOAD", "PROCESS", "BINLOG MONITOR"} {
		w.exec(w.src.server, "REVOKE "+less+" ON *.* FROM 'le''ast@x'@'%'")
		err := w.src.m.Prepare(t.Context(), w.src.work)
		if methodtest.Code(err) != xtrabackup.CodePrivileges || !strings.Contains(err.Error(), "lacks "+less) {
			t.Errorf("without %s prepare says %v", less, err)
		}
		w.exec(w.src.server, "GRANT "+less+" ON *.* TO 'le''ast@x'@'%'")
	}
}

func TestSourceThatIsAReplicaGoesOnReplicatingAndGivesItsOwnPosition(t *testing.T) {
	w := newWorld(t, options{})
	origin := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB})
	w.exec(origin, "SET GLOBAL gtid_domain_id = 7")
	w.withOldData(16 << 20)
	if err := sandbox.MakeReplica(t.Context(), w.src.server, origin, true); err != nil {
		t.Fatal(err)
	}
	w.exec(origin, "CREATE DATABASE upstream", "CREATE TABLE upstream.t (a INT PRIMARY KEY)", "INSERT INTO upstream.t VALUES (1)")
	db := origin.Open("")
	defer db.Close()
	load, err := sandbox.WriteLoad(t.Context(), db, sandbox.LoadOptions{Rate: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer load.Stop()
	sandbox.Eventually(t, 30*time.Second, func() error {
		if got := w.query(w.src.server, "SHOW DATABASES LIKE 'load'"); len(got) == 0 {
			return fmt.Errorf("no load arrives at the source")
		}
		return nil
	})
	w.seed()
	running := "SELECT variable_value FROM information_schema.global_status WHERE variable_name IN ('SLAVE_RUNNING', 'SLAVES_RUNNING') ORDER BY variable_name"
	if got := w.query(w.src.server, running); !slices.Contains(got, "ON") || !slices.Contains(got, "1") {
		t.Errorf("replication on the source: %v", got)
	}
	at, err := w.tgt.m.Metadata(t.Context(), w.tgt.work)
	if err != nil {
		t.Fatal(err)
	}
	want := w.query(w.src.server, fmt.Sprintf("SELECT BINLOG_GTID_POS('%s', %d)", at.LogFile, at.LogPos))[0]
	if !sameSet(at.GtidExecuted, want) {
		t.Errorf("the position is %s, but at %s:%d the source was at %s", at.GtidExecuted, at.LogFile, at.LogPos, want)
	}
	w.connect()
	if _, err := load.Stop(); err != nil {
		t.Error(err)
	}
	replica, source := w.src.server.Open(""), origin.Open("")
	defer replica.Close()
	defer source.Close()
	if err := sandbox.WaitReplica(t.Context(), replica, source); err != nil {
		t.Fatal(err)
	}
	w.caughtUp()
	w.same()
	w.cleanup()
	w.nothingLeft()
}

func sameSet(a, b string) bool {
	parts := map[string]int{}
	for _, g := range strings.Split(a, ",") {
		parts[g]++
	}
	for _, g := range strings.Split(b, ",") {
		parts[g]--
	}
	for _, n := range parts {
		if n != 0 {
			return false
		}
	}
	return true
}

func TestMethodIsOfferedWithItsToolsAndElseSaysWhatIsMissing(t *testing.T) {
	w := newWorld(t, options{})
	offer, err := w.src.m.Offer(t.Context())
	if err != nil || offer.BackupSide != agentapi.Source || !offer.BackupToDatadir || len(offer.SupportedEngines) < 10 {
		t.Errorf("offered as %+v, %v", offer, err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := w.src.m.Offer(t.Context()); methodtest.Code(err) != xtrabackup.CodeTool || !strings.Contains(err.Error(), "no mariadb-backup or mariabackup in PATH") {
		t.Errorf("without tools: %v", err)
	}
}

func TestServerWithoutBinaryLogIsRefusedInPrepare(t *testing.T) {
	w := newWorld(t, options{server: sandbox.Options{NoBinlog: true}})
	if err := w.src.m.Prepare(t.Context(), w.src.work); methodtest.Code(err) != xtrabackup.CodePosition {
		t.Errorf("prepare says %v", err)
	}
}
