package lvm_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/lvm"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// listening waits until something listens at an address.
func listening(t *testing.T, addr string) {
	t.Helper()
	sandbox.Eventually(t, 20*time.Second, func() error {
		text, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			return err
		}
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			return err
		}
		if want := ":" + strings.ToUpper(strconv.FormatInt(int64(n), 16)) + " 00000000:0000 0A"; !strings.Contains(string(text), want) {
			return os.ErrNotExist
		}
		return nil
	})
}

func TestTargetOfOthersTakesItWithSocatAndTar(t *testing.T) {
	w := newWorld(t, options{plain: true})
	w.fill(sandbox.FillOptions{Bytes: 4 << 20, Tables: 1})
	w.settle()
	to := t.TempDir()
	host, port, err := net.SplitHostPort(w.dataPort())
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("socat", "-u", "TCP-LISTEN:"+port+",bind="+host+",reuseaddr", "EXEC:\"tar xzf - -C "+to+"\"")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	listening(t, w.dataPort())
	w.must(w.src, "prepare", w.src.m.Prepare)
	w.must(w.src, "backup", w.src.m.Backup)
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(to, "metadata"))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := lvm.ParseMetadata(string(text)); err != nil || p.LogFile == "" || p.GtidExecuted == "" {
		t.Errorf("metadata %q: %+v %v", text, p, err)
	}
	if err := os.Remove(filepath.Join(to, "metadata")); err != nil {
		t.Fatal(err)
	}
	s := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB, Data: to})
	copied := *w.tgt
	copied.server = s
	w.tgt = &copied
	w.same()
	w.must(w.src, "cleanup", w.src.m.Cleanup)
}

func TestSourceOfOthersSendsItWithTarAndSocat(t *testing.T) {
	for name, below := range map[string]bool{"the data directory": false, "a directory above it": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, options{plain: true})
			w.fill(sandbox.FillOptions{Bytes: 4 << 20, Tables: 1})
			w.settle()
			if err := w.src.server.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			meta := filepath.Join(w.src.server.Datadir, "metadata")
			if err := os.WriteFile(meta, []byte("File: binlog.000001\nPosition: 4\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			w.must(w.tgt, "prepare", w.tgt.m.Prepare)
			dir, what := w.src.server.Datadir, "."
			if below {
				dir, what = filepath.Dir(w.src.server.Dir), "server/data"
			}
			tar := exec.Command("tar", "-C", dir, "-czf", "-", what)
			socat := exec.Command("socat", "-u", "-", "TCP:"+w.dataPort())
			var err error
			if socat.Stdin, err = tar.StdoutPipe(); err != nil {
				t.Fatal(err)
			}
			for _, run := range []func() error{socat.Start, tar.Start, socat.Wait, tar.Wait, func() error { return os.Remove(meta) }} {
				if err := run(); err != nil {
					t.Fatal(err)
				}
			}
			w.must(w.tgt, "restore", w.tgt.m.Restore) // a service of others calls no Backup here
			if err := w.src.server.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.same()
			w.cleanup()
			w.nothingLeft()
		})
	}
}

func TestTarOfOthersThatIsCutNeverReachesTheTargetsData(t *testing.T) {
	w := newWorld(t, options{plain: true})
	w.exec(w.tgt.server, "CREATE DATABASE old_data")
	w.must(w.tgt, "prepare", w.tgt.m.Prepare)
	tar := exec.Command("tar", "-C", w.src.server.Datadir, "-czf", "-", ".")
	text, err := tar.Output()
	if err != nil && len(text) == 0 {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", w.dataPort())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(text[:len(text)-20]); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := w.tgt.m.Restore(t.Context(), w.tgt.work); err == nil {
		t.Error("a cut tar was restored")
	}
	w.oldDataIsThere()
	w.release()
	w.nothingLeft()
}
