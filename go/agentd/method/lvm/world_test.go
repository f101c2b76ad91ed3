package lvm_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
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
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/lvm"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot/btrfs"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestMain(m *testing.M) {
	contract.Agent(subject.Make)
	goleak.VerifyTestMain(m)
}

// side is one agent's part of a seed.
type side struct {
	server *sandbox.Server
	run    *methodtest.Run
	work   *method.Work
	m      *lvm.LVM
	keeper lvm.Keeper
}

// world is a source on a Btrfs of its own and a target on a plain directory, and both agents' sides of a seed.
type world struct {
	t        testing.TB
	disk     string // where the Btrfs is mounted
	src, tgt *side
}

// options say what world to make.
type options struct {
	server  sandbox.Options
	source  []string // more lines of the source's my.cnf; %s is its disk
	plain   bool     // the other agent is not ours
	atRoot  bool     // the source's data lie in the root of what is mounted
	change  func(o *lvm.Options, s agentapi.Side)
	provide func(real lvm.Provider) lvm.Provider // stands before the source's
}

// disk mounts a Btrfs of its own until the end of the test.
func disk(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	image, point := filepath.Join(dir, "image"), filepath.Join(dir, "disk")
	for _, c := range [][]string{{"truncate", "-s", "3G", image}, {"mkfs.btrfs", "-q", image}, {"mkdir", point}, {"mount", "-o", "loop", image, point}} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v, which needs root, btrfs-progs (script/servers) and a kernel with Btrfs: %v: %s", c, err, out)
		}
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", point).CombinedOutput(); err != nil {
			t.Errorf("unmount the test's disk: %v: %s", err, out)
		}
	})
	return point
}

func newWorld(t testing.TB, o options) *world {
	t.Helper()
	if o.server.Kind == "" {
		o.server.Kind = sandbox.MariaDB
	}
	w := &world{t: t, disk: disk(t)}
	dir := filepath.Join(w.disk, "volume", "server")
	if o.atRoot {
		dir = filepath.Join(w.disk, "server")
	} else if out, err := exec.Command("btrfs", "subvolume", "create", filepath.Join(w.disk, "volume")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	hosts := sandbox.HostsT(t, 2)
	port, err := sandbox.FreePort(hosts[1])
	if err != nil {
		t.Fatal(err)
	}
	of := o.server
	of.Host, of.Dir = hosts[0], dir
	for _, line := range o.source {
		of.Extra = append(of.Extra, strings.ReplaceAll(line, "%s", w.disk))
	}
	w.src = w.side(of, o, agentapi.Source, port)
	of.Host, of.Dir, of.Extra = hosts[1], "", o.server.Extra
	w.tgt = w.side(of, o, agentapi.Target, port)
	w.introduce(port, o.plain)
	return w
}

// introduce tells each side of the other, as the service does.
func (w *world) introduce(port int, plain bool) {
	w.t.Helper()
	terms := agentapi.SeedTerms{PeerHost: w.tgt.server.Host, DataPort: port, SourceMySQLPort: w.src.server.Port}
	if !plain {
		var b [32]byte
		if _, err := rand.Read(b[:]); err != nil {
			w.t.Fatal(err)
		}
		terms.Secret = hex.EncodeToString(b[:])
	}
	w.src.work.Terms, w.src.work.PeerHost = terms, w.tgt.server.Host
	terms.PeerHost = w.src.server.Host
	w.tgt.work.Terms, w.tgt.work.PeerHost = terms, w.src.server.Host
}

func (w *world) side(of sandbox.Options, o options, as agentapi.Side, port int) *side {
	w.t.Helper()
	s := &side{server: sandbox.StartT(w.t, of), run: &methodtest.Run{}}
	dir := filepath.Join(w.t.TempDir(), "seed-1")
	if err := os.Mkdir(dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	s.work = &method.Work{SeedID: 1, Attempt: 1, Side: as, SourceMySQLPort: s.server.Port, Dir: dir, Run: s.run}
	w.t.Cleanup(s.run.EndBackground)
	mysql := host.NewMySQL(host.MySQLOptions{User: s.server.AgentUser, Password: s.server.Passwords.Agent, Host: s.server.Host, Port: s.server.Port})
	h := host.New(host.Options{
		MySQL: mysql, BackupDir: w.t.TempDir(), StartWait: time.Minute,
		StartCommand: []string{s.server.StartCommand()}, StopCommand: []string{s.server.StopCommand()}, StatusCommand: []string{s.server.StatusCommand()},
	})
	w.t.Cleanup(h.Close)
	s.keeper = datadir.New(datadir.Options{Host: h, StateDir: w.t.TempDir()})
	var p lvm.Provider = btrfs.New(btrfs.Options{Commands: host.Sudo{}})
	if o.provide != nil && as == agentapi.Source {
		p = o.provide(p)
	}
	mo := lvm.Options{Servers: mysql, Keeper: s.keeper, Providers: []lvm.Provider{p}, Bind: s.server.Host, Port: port,
		MountPoint: filepath.Join(w.t.TempDir(), "mnt"), CreateNew: true, CheckEvery: 20 * time.Millisecond}
	if o.change != nil {
		o.change(&mo, as)
	}
	s.m = lvm.New(mo)
	return s
}

func (w *world) must(s *side, stage string, f func(context.Context, *method.Work) error) {
	w.t.Helper()
	if err := f(w.t.Context(), s.work); err != nil {
		w.t.Fatalf("%s on the %s: %v\n%s\n%s", stage, s.work.Side, err, s.run.Text(), s.server.LogTail(20))
	}
}

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
	select {
	case target = <-done:
	case <-time.After(5 * time.Second):
		w.tgt.run.EndBackground()
		target = <-done
	}
	return source, target
}

// seed runs everything up to Restore.
func (w *world) seed() {
	w.t.Helper()
	w.prepare()
	if source, target := w.backup(); source != nil || target != nil {
		w.t.Fatalf("backup: source %v, target %v\n%s\n%s", source, target, w.src.run.Text(), w.tgt.run.Text())
	}
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
	if err := errors.Join(w.src.server.Stop(w.t.Context()), w.src.server.Restart(w.t.Context())); err != nil {
		w.t.Fatal(err)
	}
}

// connect makes the target a replica at the copy's position, and waits until it has all that the source has.
func (w *world) connect() {
	w.t.Helper()
	at, err := w.tgt.m.Metadata(w.t.Context(), w.tgt.work)
	if err != nil || at.LogFile == "" || at.LogPos == 0 {
		w.t.Fatalf("the copy's position is %+v, %v", at, err)
	}
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	from := fmt.Sprintf("%s_HOST = '%s', %[1]s_PORT = %[3]d, %[1]s_USER = 'repl', %[1]s_PASSWORD = '%[4]s', %[1]s_CONNECT_RETRY = 1", "MASTER",
		w.src.server.Host, w.src.server.Port, quote.Replace(w.src.server.Passwords.Replication))
	switch {
	case w.src.server.Kind == sandbox.MariaDB:
		w.exec(w.tgt.server, "STOP SLAVE", "RESET SLAVE ALL", "RESET MASTER", "SET GLOBAL gtid_slave_pos = '"+at.GtidExecuted+"'", "CHANGE MASTER TO "+from+", MASTER_USE_GTID = slave_pos", "START SLAVE")
	case w.src.server.Kind == sandbox.MySQL97:
		w.exec(w.tgt.server, "RESET BINARY LOGS AND GTIDS", "SET GLOBAL gtid_purged = '"+at.GtidExecuted+"'",
			"CHANGE REPLICATION SOURCE TO "+strings.ReplaceAll(from, "MASTER_", "SOURCE_")+", SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1", "START REPLICA")
	default:
		w.exec(w.tgt.server, "STOP SLAVE", "RESET SLAVE ALL", "RESET MASTER", fmt.Sprintf("CHANGE MASTER TO %s, MASTER_LOG_FILE = '%s', MASTER_LOG_POS = %d", from, at.LogFile, at.LogPos), "START SLAVE")
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	a, b := w.src.server.Open(""), w.tgt.server.Open("")
	defer a.Close()
	defer b.Close()
	if err := sandbox.WaitReplica(ctx, b, a); err != nil {
		w.t.Fatal(err)
	}
}

// same fails the test unless the target holds what the source holds.
func (w *world) same() {
	w.t.Helper()
	(&methodtest.World{T: w.t, Source: w.src.server, Target: w.tgt.server, Run: w.tgt.run}).Same()
}

// nothingLeft fails the test when a snapshot, a mount, a lock, a process, a listener or a file of the seed's is left.
func (w *world) nothingLeft() {
	w.t.Helper()
	list, err := exec.Command("btrfs", "subvolume", "list", w.disk).Output()
	if err != nil {
		w.t.Fatal(err)
	}
	if strings.Contains(string(list), "seed-1") {
		w.t.Errorf("a snapshot was left:\n%s", list)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		w.t.Fatal(err)
	}
	if at := filepath.Dir(filepath.Dir(w.disk)); strings.Count(string(mounts), at) > 1 {
		w.t.Errorf("something was left mounted:\n%s", mounts)
	}
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
		w.exec(s.server, "CREATE DATABASE IF NOT EXISTS not_locked", "DROP DATABASE not_locked")
		for _, dir := range []string{s.server.Dir, s.server.Datadir} {
			for _, odd := range []string{"*seed*", ".*seed*", "metadata", "manifest"} {
				if found, err := filepath.Glob(filepath.Join(dir, odd)); err != nil || len(found) > 0 {
					w.t.Errorf("%s: left behind: %v %v", s.work.Side, found, err)
				}
			}
		}
	}
	if c, err := net.Dial("tcp", w.dataPort()); err == nil {
		c.Close()
		w.t.Error("the target still listens on its data port")
	}
}

func (w *world) dataPort() string {
	return net.JoinHostPort(w.tgt.server.Host, strconv.Itoa(w.src.work.Terms.DataPort))
}

func code(err error) string {
	var e *method.StageError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

func hintOf(err error) string {
	var e *method.StageError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Hint
}
