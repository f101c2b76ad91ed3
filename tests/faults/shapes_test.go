package faults

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// badStarts is fault 29 for methods that start MySQL on the new data.
func badStarts(k *kit) []faultCase {
	if !k.physical {
		return nil
	}
	broken := func(o *fleet.Options) string { return filepath.Join(filepath.Dir(o.Dir), "broken") }
	breakable := func(o *fleet.Options) {
		setMySQL(o, "service-start-command", fmt.Sprintf("if [ -e %s ]; then echo 'it does not start' >&2; exit 7; fi; exec %s", broken(o), filepath.Join(o.Dir, "target-db", "start")))
	}
	file := func(w *world) string { return filepath.Join(filepath.Dir(w.f.Dir), "broken") }
	breaks := func(w *world) { w.must(os.WriteFile(file(w), nil, 0o644)) }
	mends := func(w *world) { w.must(os.Remove(file(w))) }
	failed := ending{stage: agentapi.Restore, code: k.startCode, text: "it does not start|exit status 7", hint: "."}
	case29 := func(what string, c faultCase) faultCase {
		c.fault, c.what, c.stage, c.side, c.fleet = 29, what, "Restore", "target", and(breakable, oneRetry)
		return c
	}
	return []faultCase{
		case29("mysqld does not start on the new data, and does at the retry", faultCase{end: completed, do: func(w *world) {
			breaks(w)
			w.start()
			w.at(agentapi.Restore, agentapi.Error)
			mends(w)
			w.end()
		}}),
		case29("mysqld does not start on the new data at any attempt; mended, then agent-retry-seed", faultCase{end: completed, do: func(w *world) {
			breaks(w)
			w.start()
			w.end()
			w.checkEnd(failed)
			mends(w)
			w.retry()
			w.end()
		}}),
		case29("mysqld does not start on the new data at any attempt; mended and released", faultCase{end: with(failed, oldData), do: func(w *world) {
			breaks(w)
			w.start()
			w.end()
			mends(w)
		}}),
	}
}

func with(e ending, data targetData) ending {
	e.data = data
	return e
}

// manyTables are faults 31 and 32.
func manyTables(k *kit) []faultCase {
	tables := func(n int) func(w *world) {
		return func(w *world) {
			statements := []string{"CREATE DATABASE many"}
			for i := range n {
				statements = append(statements, fmt.Sprintf("CREATE TABLE many.t%d (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB", i), fmt.Sprintf("INSERT INTO many.t%d VALUES (%d, 'row')", i, i))
			}
			w.writeSource(statements...)
		}
	}
	return []faultCase{
		seeded(31, "the source has 2000 tables more", nil, tables(2000)),
		seeded(32, "the source has one table of 64 MB and 200 small ones", k.filled(sandbox.FillOptions{Bytes: 64 << 20, Tables: 1, Logged: true}), tables(200)),
	}
}

// seeded is a seed of a source that is filled further.
func seeded(fault int, what string, o func(*fleet.Options), fill func(w *world)) faultCase {
	return faultCase{fault: fault, what: what, stage: "all", side: "both", fleet: o, slow: true, end: onceEach, do: func(w *world) {
		fill(w)
		w.start()
		w.end()
	}}
}

// shape is a way in which the target's data directory lies.
type shape struct {
	fault int
	what  string
	extra []string // lines of my.cnf
	make  func(w *world)
}

// reshaped stops the target's server, changes where its data lies and starts it again.
func (w *world) reshaped(how func(s *sandbox.Server)) {
	w.t.Helper()
	s := w.f.Target.Server
	w.must(s.Stop(w.ctx))
	how(s)
	w.must(s.Restart(w.ctx))
	var err error
	w.mounted, err = w.mounts()
	w.must(err)
	w.readTarget()
	w.must(w.f.Target.Stop()) // it looks at the server's places when it starts
	w.restart(agentapi.Target)
}

// shapes are faults 34, 35 and 38, done and undone; and a data port that somebody else has.
func shapes(k *kit) []faultCase {
	var list []faultCase
	if k.physical {
		start := k.last(agentapi.Restore)
		for _, s := range []shape{
			{fault: 34, what: "the data directory is a symbolic link", make: linked},
			{fault: 34, what: "the data directory is a mount point with lost+found", extra: k.ignoreLost, make: mountPoint},
			{fault: 35, what: "redo, undo, system tablespace, binary and relay logs are in directories of their own", make: separate},
		} {
			if k.noMounts != "" && strings.Contains(s.what, "mount point") {
				continue
			}
			extra := func(o *fleet.Options) { o.Target.Extra = append(o.Target.Extra, s.extra...) }
			list = append(list,
				faultCase{fault: s.fault, what: s.what, stage: "all", side: "target", fleet: extra, end: onceEach, do: func(w *world) {
					s.make(w)
					w.start()
					w.end()
				}},
				k.held(start, faultCase{fault: s.fault, what: s.what + "; aborted", side: "target", fleet: extra, end: aborted(agentapi.Restore, oldData), do: func(w *world) {
					s.make(w)
					open := start.until(w)
					w.must(w.abort(false))
					open()
					w.end()
				}}))
		}
	}
	if k.line {
		list = append(list, portsInUse()...)
	}
	return list
}

func linked(w *world) {
	w.reshaped(func(s *sandbox.Server) {
		w.must(os.MkdirAll(filepath.Join(s.Dir, "disk"), 0o755))
		real := filepath.Join(s.Dir, "disk", "mysql")
		w.must(os.Rename(s.Datadir, real))
		w.must(os.Symlink(real, s.Datadir))
	})
}

func mountPoint(w *world) {
	w.reshaped(func(s *sandbox.Server) {
		aside := s.Datadir + ".aside"
		w.must(os.Rename(s.Datadir, aside))
		w.must(os.Mkdir(s.Datadir, 0o750))
		w.must(syscall.Mount("tmpfs", s.Datadir, "tmpfs", 0, fmt.Sprintf("size=%d", cmp.Or(w.kit.room, 700<<20))))
		w.t.Cleanup(func() {
			w.must(s.Kill())
			w.must(syscall.Unmount(s.Datadir, syscall.MNT_DETACH))
		})
		w.must(os.Mkdir(filepath.Join(s.Datadir, "lost+found"), 0o700))
		out, err := exec.CommandContext(w.ctx, "cp", "-a", aside+"/.", s.Datadir).CombinedOutput()
		if err != nil {
			w.t.Fatalf("%v: %s", err, out)
		}
		w.must(os.RemoveAll(aside))
	})
}

func separate(w *world) {
	w.reshaped(func(s *sandbox.Server) {
		dir := func(name string) string {
			path := filepath.Join(s.Dir, name)
			w.must(os.Mkdir(path, 0o750))
			return path
		}
		redo, undo, home, logs := dir("redo"), dir("undo"), dir("home"), dir("logs")
		lines := []string{"innodb_log_group_home_dir=" + redo, "innodb_undo_directory=" + undo, "innodb_data_home_dir=" + home, "log_bin=" + logs + "/bin", "relay_log=" + logs + "/relay"}
		if !s.Kind.IsMySQL() {
			lines = append(lines, "aria_log_dir_path="+logs)
		}
		for name, to := range map[string]string{"ib_logfile0": redo, "#innodb_redo": redo, "undo_001": undo, "undo_002": undo, "ibdata1": home,
			"aria_log_control": logs, "aria_log.00000001": logs} {
			if s.Kind.IsMySQL() && strings.HasPrefix(name, "aria") {
				continue
			}
			if err := os.Rename(filepath.Join(s.Datadir, name), filepath.Join(to, name)); err != nil && !os.IsNotExist(err) {
				w.t.Fatal(err)
			}
		}
		config, err := os.ReadFile(s.Defaults)
		w.must(err)
		w.must(os.WriteFile(s.Defaults, append(config, []byte(strings.Join(lines, "\n")+"\n")...), 0o600))
	})
}

// portsInUse is fault 38 for the data port.
func portsInUse() []faultCase {
	take := func(w *world) net.Listener {
		l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", w.f.Target.Host, w.f.Target.SeedPort))
		w.must(err)
		return l
	}
	return []faultCase{
		{fault: 38, what: "another program has the data port: the check refuses", stage: "before", side: "target", end: ending{none: true, data: oldData}, do: func(w *world) {
			l := take(w)
			_, err := w.f.Seed(w.ctx, w.method)
			w.refused(err, "data-port")
			w.must(l.Close())
		}},
		{fault: 38, what: "another program has taken the data port since the check, and gives it back", stage: "Prepare", side: "target", fleet: standing, end: completed, do: func(w *world) {
			w.start()
			l := take(w)
			w.stepTo(agentapi.Prepare, agentapi.Error)
			w.expectSaid("in use")
			w.must(l.Close())
			w.stepToEnd()
		}},
	}
}

// fullDisks are faults 16 and 17 for methods that replace the data directory.
func fullDisks(k *kit) []faultCase {
	if !k.physical {
		return nil
	}
	backup, restore := k.hold(agentapi.Backup), k.hold(agentapi.Restore)
	small := func(o *fleet.Options) (string, int) {
		return filepath.Join(o.Dir, "target-db"), cmp.Or(k.room, 600<<20)
	}
	// The copy fails for want of space, and then already Prepare can't begin again.
	full := ending{stage: agentapi.Prepare, code: "datadir-no-room", text: "the new data needs", hint: "disk", data: oldData}
	if k.resumes {
		full = ending{stage: agentapi.Backup, code: "disk-full", text: "no space left", hint: "free space", data: oldData}
	}
	list := []faultCase{
		k.held(backup, faultCase{fault: 16, what: "the disk of the target's data runs full", side: "target", disk: small, fleet: oneRetry, end: full, do: func(w *world) {
			open := backup.until(w)
			filler := w.fillUp(w.disk, 2<<20)
			open()
			w.end()
			w.expectSaid("(?i)no space left")
			w.must(os.Remove(filler))
		}}),
		k.held(restore, faultCase{fault: 16, what: "the disk of the target's data is full; space made, then agent-retry-seed", side: "target", disk: small, fleet: oneRetry, end: completed, do: func(w *world) {
			open := restore.until(w)
			filler := w.fillUp(w.disk, 256<<10)
			open()
			w.end()
			w.checkEnd(ending{stage: agentapi.Restore, code: "disk-full", text: "(?i)no space|full", hint: "(?i)free space"})
			w.must(os.Remove(filler))
			w.retry()
			w.end()
		}}),
		{fault: 17, what: "the target's directories are read-only, and then not any more", stage: "Prepare", side: "target", fleet: standing, end: completed, do: func(w *world) {
			w.start()
			writable := w.readOnly(w.f.Target.Server.Dir)
			w.stepTo(agentapi.Prepare, agentapi.Error)
			w.expectSaid("(?i)read-only")
			writable()
			w.stepToEnd()
		}},
		k.held(restore, faultCase{fault: 17, what: "the target's directories are read-only; made writable, then agent-retry-seed", side: "target", fleet: oneRetry, end: completed, do: func(w *world) {
			open := restore.until(w)
			writable := w.readOnly(w.f.Target.Server.Dir)
			open()
			w.end()
			w.checkEnd(ending{stage: agentapi.Restore, code: w.ended.ErrorCode, text: "(?i)read-only|not writable|errno 30", hint: "."})
			writable()
			w.retry()
			w.end()
		}}),
	}
	return slices.DeleteFunc(list, func(c faultCase) bool { return k.roomless && c.fault == 16 && c.stage == string(agentapi.Restore) })
}

// readOnly has a directory read-only for whoever comes by its path; the server, which has its files open, goes on.
func (w *world) readOnly(dir string) (writable func()) {
	w.t.Helper()
	w.must(syscall.Mount(dir, dir, "", syscall.MS_BIND, ""))
	done := false
	writable = func() {
		if !done {
			done = true
			w.must(syscall.Unmount(dir, syscall.MNT_DETACH))
		}
	}
	w.t.Cleanup(writable)
	w.must(syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	return writable
}
