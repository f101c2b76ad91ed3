package cloneplugin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/cloneplugin"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// slow is a clone that takes some ten seconds, with 16 MiB of rows.
func slow(t *testing.T, o options) *world {
	t.Helper()
	if o.settings == nil {
		o.settings = map[string]string{}
	}
	o.settings["clone-max-data-bandwidth"] = "4"
	w := newWorld(t, o)
	w.fill(16<<20, 3)
	return w
}

// underWay starts the backup and returns when bytes of files are copied.
func (w *world) underWay(ctx context.Context) (ended chan error) {
	w.Helper()
	ended = make(chan error, 1)
	moving := make(chan struct{})
	var once sync.Once
	w.target.run.OnProgress = func(p agentapi.Progress) {
		if p.Bytes > 1<<20 {
			once.Do(func() { close(moving) })
		}
	}
	go func() { ended <- w.target.method.Backup(ctx, w.target.work) }()
	select {
	case <-moving:
	case err := <-ended:
		w.Fatalf("the backup ended before it moved: %v", err)
	case <-time.After(time.Minute):
		w.Fatal("the backup does not move")
	}
	return ended
}

func TestAbortedBackupLeavesNothingAndTheSeedCanBeDoneAgain(t *testing.T) {
	t.Parallel()
	w := slow(t, options{})
	check := w.untouched()
	w.prepare()
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := w.underWay(ctx)
	aborted := errors.New("aborted")
	begin := time.Now()
	cancel(aborted)
	if err := <-ended; !errors.Is(err, aborted) {
		t.Errorf("backup: %v", err)
	}
	t.Logf("ended after %v", time.Since(begin))
	w.target.release()
	w.source.release()
	check()
	w.target.release()
	w.seed()
	w.connect()
	w.target.cleanup()
	w.source.cleanup()
	w.same()
	w.nothingLeft()
}

func TestCloneOfKilledAgentIsTakenOverByTheNextAttempt(t *testing.T) {
	t.Parallel()
	w := slow(t, options{})
	w.prepare()
	cut := w.target.through(t)
	ended := w.underWay(t.Context())
	cut()
	if err := <-ended; err == nil {
		t.Fatal("a backup without a connection ended well")
	}
	if n := w.target.ask("SELECT COUNT(*) FROM performance_schema.threads WHERE processlist_info LIKE 'CLONE INSTANCE%'"); n != "1" {
		t.Fatalf("%s clones go on after the agent's death", n)
	}
	w.target.as(w.target.AgentUser, w.target.Passwords.Agent)
	w.target.work.Attempt++
	w.target.backup()
	if !strings.Contains(w.target.run.Text(), "goes on in the server") {
		t.Error(w.target.run.Text())
	}
	w.target.restore()
	w.connect()
	w.target.cleanup()
	w.source.cleanup()
	w.same()
	w.nothingLeft()
}

func TestReleaseEndsTheCloneOfAKilledAgent(t *testing.T) {
	t.Parallel()
	w := slow(t, options{})
	check := w.untouched()
	w.prepare()
	cut := w.target.through(t)
	ended := w.underWay(t.Context())
	cut()
	<-ended
	w.target.as(w.target.AgentUser, w.target.Passwords.Agent)
	w.target.release()
	w.source.release()
	check()
}

func TestSourceKilledInTheMiddleOfTheClone(t *testing.T) {
	t.Parallel()
	w := slow(t, options{settings: map[string]string{"clone-donor-timeout-after-network-failure": "0"}})
	check := w.untouched()
	w.prepare()
	ended := w.underWay(t.Context())
	if err := w.source.Kill(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	err := <-ended
	t.Logf("after %v: %v", time.Since(begin), err)
	if methodtest.Code(err) != cloneplugin.CodeDonor {
		t.Errorf("backup: %v", err)
	}
	w.target.failing("backup without a source", w.target.method.Backup, cloneplugin.CodeConnection)
	if err := w.source.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.target.release()
	w.source.release()
	check()
}

func TestTargetKilledInTheMiddleOfTheClone(t *testing.T) {
	t.Parallel()
	w := slow(t, options{})
	check := w.untouched()
	w.prepare()
	ended := w.underWay(t.Context())
	if err := w.target.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Fatal("the backup ended well")
	}
	w.target.release()
	w.source.release()
	check()
}

func TestDDLOnTheSourceDuringTheClone(t *testing.T) {
	t.Parallel()
	w := slow(t, options{})
	db := w.source.Open("")
	load, err := sandbox.WriteLoad(t.Context(), db, sandbox.LoadOptions{Rate: 50, Bulk: "sbtest.sbtest1", DDL: true})
	if err != nil {
		t.Fatal(err)
	}
	w.prepare()
	ended := w.underWay(t.Context())
	w.source.exec("ALTER TABLE sbtest.sbtest1 ADD COLUMN added INT DEFAULT 7, ALGORITHM = COPY", "CREATE TABLE sbtest.copy LIKE sbtest.sbtest2",
		"INSERT INTO sbtest.copy SELECT * FROM sbtest.sbtest2 LIMIT 1000", "DROP TABLE sbtest.sbtest2", "RENAME TABLE sbtest.copy TO sbtest.renamed",
		"ALTER TABLE sbtest.sbtest3 ADD INDEX fresh (k, c(20))", "TRUNCATE TABLE sbtest.renamed", "CREATE TABLESPACE ts ADD DATAFILE 'ts.ibd'",
		"CREATE TABLE sbtest.shared (id INT PRIMARY KEY) TABLESPACE ts", "INSERT INTO sbtest.shared VALUES (1)", "CREATE DATABASE born", "CREATE TABLE born.t (id INT PRIMARY KEY)")
	if err := <-ended; err != nil {
		t.Fatalf("backup: %v", err)
	}
	w.target.restore()
	w.connect()
	if _, err := load.Stop(); err != nil {
		t.Fatal(err)
	}
	w.target.cleanup()
	w.source.cleanup()
	w.same()
	w.nothingLeft()
}

func TestBandwidthIsBoundAndChangesWhileTheCloneRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.fill(16<<20, 3)
	w.prepare()
	w.target.run.SetLimit(3 << 20)
	ended := w.underWay(t.Context())
	sandbox.Eventually(t, 10*time.Second, func() error {
		if got := w.target.ask("SELECT @@clone_max_network_bandwidth"); got != "3" {
			return fmt.Errorf("the server's bound is %s", got)
		}
		return nil
	})
	w.target.run.SetLimit(0)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	w.target.release()
	if got := w.target.ask("SELECT COUNT(*) FROM information_schema.plugins WHERE plugin_name = 'clone'"); got != "0" {
		t.Error("the plugin was left")
	}
}

// through lets the agent reach its server through a line that cut breaks for good, as the agent's death would.
func (a *agent) through(t *testing.T) (cut func()) {
	t.Helper()
	listener, err := net.Listen("tcp", a.Host+":0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open []net.Conn
	keep := func(c net.Conn) {
		mu.Lock()
		defer mu.Unlock()
		open = append(open, c)
	}
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", a.Address())
			if err != nil {
				in.Close()
				continue
			}
			keep(in)
			keep(out)
			go func() { _, _ = io.Copy(in, out); in.Close() }()
			go func() { _, _ = io.Copy(out, in); out.Close() }()
		}
	}()
	cut = sync.OnceFunc(func() {
		listener.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range open {
			c.Close()
		}
	})
	t.Cleanup(cut)
	a.asThrough(listener.Addr().(*net.TCPAddr).Port)
	return cut
}
