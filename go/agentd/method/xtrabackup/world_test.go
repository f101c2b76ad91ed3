package xtrabackup_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/contract"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/xtrabackup"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestMain(m *testing.M) {
	contract.Agent(subject.Make)
	goleak.VerifyTestMain(m)
}

// side is one agent's part of a seed.
type side struct {
	server *sandbox.Server
	host   *host.Host
	run    *methodtest.Run
	work   *method.Work
	m      *xtrabackup.Xtrabackup
	keeper xtrabackup.Keeper
}

// world is a source and a target, and both agents' sides of a seed.
type world struct {
	t        testing.TB
	src, tgt *side
}

// options say what world to make.
type options struct {
	server         sandbox.Options
	source, target []string // more lines of my.cnf
	targetDir      string
	plain          bool // the other agent is not ours
	extra          []string
	bytes          int64 // what the service says of the source's size
	keeper         func(real xtrabackup.Keeper) xtrabackup.Keeper
	change         func(o *xtrabackup.Options, s agentapi.Side)
}

func newWorld(t testing.TB, o options) *world {
	t.Helper()
	if o.server.Kind == "" {
		o.server.Kind = sandbox.MariaDB
	}
	hosts := sandbox.HostsT(t, 2)
	port, err := sandbox.FreePort(hosts[1])
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t}
	of := o.server
	of.Host, of.Extra = hosts[0], o.source
	w.src = newSide(t, of, o, agentapi.Source, port)
	of.Host, of.Extra, of.Dir = hosts[1], o.target, o.targetDir
	w.tgt = newSide(t, of, o, agentapi.Target, port)
	terms := agentapi.SeedTerms{PeerHost: w.tgt.server.Host, DataPort: port, SourceMySQLPort: w.src.server.Port, SourceBytes: o.bytes}
	if !o.plain {
		terms.Secret = secret(t)
	}
	w.src.work.Terms, w.src.work.PeerHost = terms, w.tgt.server.Host
	terms.PeerHost = w.src.server.Host
	w.tgt.work.Terms, w.tgt.work.PeerHost = terms, w.src.server.Host
	return w
}

func secret(t testing.TB) string {
	t.Helper()
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b[:])
}

func newSide(t testing.TB, of sandbox.Options, o options, as agentapi.Side, port int) *side {
	t.Helper()
	s := &side{server: sandbox.StartT(t, of), run: &methodtest.Run{}}
	dir := filepath.Join(t.TempDir(), "seed-1")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s.work = &method.Work{SeedID: 1, Attempt: 1, Side: as, SourceMySQLPort: s.server.Port, Dir: dir, Run: s.run}
	t.Cleanup(s.run.EndBackground)
	s.as(t, o, port, s.server.AgentUser, s.server.Passwords.Agent)
	return s
}

// as makes the method anew, with another account.
func (s *side) as(t testing.TB, o options, port int, user, password string) {
	t.Helper()
	mysql := host.NewMySQL(host.MySQLOptions{User: user, Password: password, Host: s.server.Host, Port: s.server.Port})
	s.host = host.New(host.Options{
		MySQL: mysql, BackupDir: t.TempDir(), StartWait: time.Minute,
		StartCommand: []string{s.server.StartCommand()}, StopCommand: []string{s.server.StopCommand()}, StatusCommand: []string{s.server.StatusCommand()},
	})
	t.Cleanup(s.host.Close)
	s.keeper = datadir.New(datadir.Options{Host: s.host, StateDir: t.TempDir()})
	if o.keeper != nil {
		s.keeper = o.keeper(s.keeper)
	}
	mo := xtrabackup.Options{Servers: mysql, Keeper: s.keeper, Bind: s.server.Host, Port: port, Extra: o.extra}
	if o.change != nil {
		o.change(&mo, s.work.Side)
	}
	var err error
	if s.m, err = xtrabackup.New(mo); err != nil {
		t.Fatal(err)
	}
}

func (w *world) must(s *side, stage string, f func(context.Context, *method.Work) error) {
	w.t.Helper()
	if err := f(w.t.Context(), s.work); err != nil {
		w.t.Fatalf("%s on the %s: %v\n%s", stage, s.work.Side, err, s.run.Text())
	}
}

// prepare runs Prepare on both sides.
func (w *world) prepare() {
	w.t.Helper()
	w.must(w.tgt, "prepare", w.tgt.m.Prepare)
	w.must(w.src, "prepare", w.src.m.Prepare)
}

// backup runs Backup on both sides, as our service does, and gives their errors.
func (w *world) backup() (source, target error) {
	done := make(chan error, 1)
	go func() { done <- w.tgt.m.Backup(w.t.Context(), w.tgt.work) }()
	source = w.src.m.Backup(w.t.Context(), w.src.work)
	if source == nil {
		return nil, <-done
	}
	select { // it knows too, as far as the stream can tell; then the service aborts it
	case target = <-done:
	case <-time.After(5 * time.Second):
		w.tgt.run.EndBackground()
		target = <-done
	}
	return source, target
}

func (w *world) mustBackup() {
	w.t.Helper()
	if source, target := w.backup(); source != nil || target != nil {
		w.t.Fatalf("backup: source %v, target %v\n%s\n%s", source, target, w.src.run.Text(), w.tgt.run.Text())
	}
}

// seed runs everything up to Restore.
func (w *world) seed() {
	w.t.Helper()
	w.prepare()
	w.mustBackup()
	w.must(w.tgt, "restore", w.tgt.m.Restore)
}

func (w *world) cleanup() {
	w.t.Helper()
	w.must(w.src, "cleanup", w.src.m.Cleanup)
	w.must(w.tgt, "cleanup", w.tgt.m.Cleanup)
}

func (w *world) release() {
	w.t.Helper()
	w.must(w.src, "release", w.src.m.Release)
	w.tgt.run.EndBackground()
	w.must(w.tgt, "release", w.tgt.m.Release)
}

func (w *world) fill(o sandbox.FillOptions) {
	w.t.Helper()
	db := w.src.server.Open("")
	defer db.Close()
	if err := sandbox.Fill(w.t.Context(), db, o); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) exec(s *sandbox.Server, statements ...string) {
	w.t.Helper()
	(&methodtest.World{T: w.t}).Exec(s, statements...)
}

func (w *world) query(s *sandbox.Server, query string) []string {
	w.t.Helper()
	return (&methodtest.World{T: w.t}).Query(s, query)
}

// settle restarts the source, whose counters then are what is written in its files.
func (w *world) settle() {
	w.t.Helper()
	ctx := w.t.Context()
	if err := errors.Join(w.src.server.Stop(ctx), w.src.server.Restart(ctx)); err != nil {
		w.t.Fatal(err)
	}
}

// same fails the test unless the target holds what the source holds.
func (w *world) same() {
	w.t.Helper()
	(&methodtest.World{T: w.t, Source: w.src.server, Target: w.tgt.server, Run: w.tgt.run}).Same()
}

// connect makes the target a replica at the copy's position.
func (w *world) connect() {
	w.t.Helper()
	at, err := w.tgt.m.Metadata(w.t.Context(), w.tgt.work)
	if err != nil {
		w.t.Fatal(err)
	}
	if at.GtidExecuted == "" || at.LogFile == "" || at.LogPos == 0 {
		w.t.Fatalf("the copy's position is %+v", at)
	}
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	w.exec(w.tgt.server, "STOP SLAVE", "RESET SLAVE ALL", "RESET MASTER", "SET GLOBAL gtid_slave_pos = '"+at.GtidExecuted+"'",
		fmt.Sprintf("CHANGE MASTER TO MASTER_HOST = '%s', MASTER_PORT = %d, MASTER_USER = 'repl', MASTER_PASSWORD = '%s', MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1",
			w.src.server.Host, w.src.server.Port, quote.Replace(w.src.server.Passwords.Replication)), "START SLAVE")
}

// caughtUp waits until the target has all that the source has.
func (w *world) caughtUp() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	a, b := w.src.server.Open(""), w.tgt.server.Open("")
	defer a.Close()
	defer b.Close()
	if err := sandbox.WaitReplica(ctx, b, a); err != nil {
		w.t.Fatal(err)
	}
}

// nothingLeft fails the test when a process, a listener or a file of the seed's is left on either side.
func (w *world) nothingLeft() {
	w.t.Helper()
	for _, s := range []*side{w.src, w.tgt} {
		left, err := os.ReadDir(s.work.Dir)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, f := range left {
			w.t.Errorf("%s: %s was left behind", s.work.Side, f.Name())
		}
		for _, c := range s.run.Started() {
			if err := syscall.Kill(-c.Process.Pid, 0); err != syscall.ESRCH {
				w.t.Errorf("%s: process group of %s: %v", s.work.Side, c, err)
			}
		}
		w.nothingBeside(s)
	}
}

// nothingBeside looks for directories beside and inside the data directory that are not the server's.
func (w *world) nothingBeside(s *side) {
	w.t.Helper()
	for _, dir := range []string{s.server.Dir, s.server.Datadir} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range entries {
			for _, odd := range []string{"*seed*", "*.old*", "*.new*", "*receive*", "xtrabackup_*", "mariadb_backup_*", "backup-my.cnf"} {
				if ok, _ := filepath.Match(odd, e.Name()); ok {
					w.t.Errorf("%s: %s was left in %s", s.work.Side, e.Name(), dir)
				}
			}
		}
	}
}

// dataPort is where the target listens.
func (w *world) dataPort() string {
	return net.JoinHostPort(w.tgt.server.Host, strconv.Itoa(w.src.work.Terms.DataPort))
}
