package xtrabackup_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/xtrabackup"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// othersSource is how an agent of others sends: the tool and socat with a shell's pipe between them.
func (w *world) othersSource(socat string) error {
	w.t.Helper()
	s := w.src.server
	defaults, err := w.src.host.MySQL().DefaultsFile(w.t.TempDir(), w.src.host.MySQL().Local())
	if err != nil {
		w.t.Fatal(err)
	}
	script := fmt.Sprintf("set -o pipefail; mariabackup --defaults-file=%s --backup --stream=xbstream --target-dir=%s/tmp | socat -u stdio %s", defaults, s.Dir, socat)
	out, err := exec.CommandContext(w.t.Context(), "bash", "-c", script).CombinedOutput()
	if err != nil {
		text := strings.TrimSpace(string(out))
		return fmt.Errorf("%w: %s", err, text[max(0, len(text)-600):])
	}
	return nil
}

func TestTargetTakesWhatSocatOfAnotherAgentSends(t *testing.T) {
	w := newWorld(t, options{plain: true})
	w.withOldData(24 << 20)
	w.settle()
	w.must(w.tgt, "prepare", w.tgt.m.Prepare)
	if err := w.othersSource("TCP:" + w.dataPort()); err != nil {
		t.Fatal(err)
	}
	w.must(w.tgt, "restore", w.tgt.m.Restore) // a service of others calls no Backup on the target
	w.connect()
	w.caughtUp()
	w.same()
	w.cleanup()
	w.nothingLeft()
}

// receiving waits until something listens on the data port.
func (w *world) receiving() {
	w.t.Helper()
	sandbox.Eventually(w.t, 10*time.Second, func() error {
		text, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			return err
		}
		if !strings.Contains(string(text), fmt.Sprintf(":%04X 00000000:0000 0A", w.src.work.Terms.DataPort)) {
			return errors.New("nothing listens")
		}
		return nil
	})
}

func TestSourceSendsWhatSocatOfAnotherAgentTakes(t *testing.T) {
	w := newWorld(t, options{plain: true})
	w.withOldData(24 << 20)
	w.settle()
	dir := t.TempDir()
	socat := exec.Command("socat", "-u", fmt.Sprintf("TCP-LISTEN:%d,reuseaddr,bind=%s", w.src.work.Terms.DataPort, w.tgt.server.Host), "EXEC:mbstream -x -C "+dir)
	if err := socat.Start(); err != nil {
		t.Fatal(err)
	}
	defer socat.Process.Kill()
	w.receiving()
	w.must(w.src, "prepare", w.src.m.Prepare)
	w.must(w.src, "backup", w.src.m.Backup)
	if err := socat.Wait(); err != nil {
		t.Errorf("socat: %v", err)
	}
	if out, err := exec.Command("mariabackup", "--prepare", "--target-dir="+dir).CombinedOutput(); err != nil {
		t.Fatalf("prepare: %v\n%s", err, out)
	}
	copied := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB, Data: dir, Passwords: w.src.server.Passwords})
	(&methodtest.World{T: t, Source: w.src.server, Target: copied, Run: w.src.run}).Same()
	w.must(w.src, "cleanup", w.src.m.Cleanup)
	w.nothingLeft()
}

// certificates makes a file with key and certificate, as socat takes it, and both of its TLS sides.
func certificates(t *testing.T, host string) (file string, pair tls.Certificate, pool *x509.CertPool) {
	t.Helper()
	dir := t.TempDir()
	key, cert := filepath.Join(dir, "key.pem"), filepath.Join(dir, "cert.pem")
	out, err := exec.Command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
		"-subj", "/CN="+host, "-addext", "subjectAltName=IP:"+host).CombinedOutput()
	if err != nil {
		t.Fatalf("make a certificate: %v\n%s", err, out)
	}
	k, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "both.pem")
	if err := os.WriteFile(file, append(k, c...), 0o600); err != nil {
		t.Fatal(err)
	}
	if pair, err = tls.LoadX509KeyPair(file, file); err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(c)
	return file, pair, pool
}

func TestSocatWithTLSSendsAndTakes(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal(err)
	}
	var file string
	w := newWorld(t, options{plain: true, change: func(o *xtrabackup.Options, as agentapi.Side) {
		var pair tls.Certificate
		var pool *x509.CertPool
		if as == agentapi.Source {
			o.PlainClient = func() (*tls.Config, error) { return &tls.Config{InsecureSkipVerify: true}, nil }
			return
		}
		file, pair, pool = certificates(t, o.Bind)
		o.PlainServer = func() (*tls.Config, error) {
			return &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool}, nil
		}
	}})
	w.withOldData(8 << 20)
	w.must(w.tgt, "prepare", w.tgt.m.Prepare)
	if err := w.othersSource("OPENSSL:" + w.dataPort() + ",verify=0"); err != nil {
		t.Fatal(err)
	}
	w.must(w.tgt, "restore", w.tgt.m.Restore)
	w.release()

	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	socat := exec.CommandContext(ctx, "socat", "-u", fmt.Sprintf("OPENSSL-LISTEN:%d,reuseaddr,bind=%s,cert=%s,verify=0", w.src.work.Terms.DataPort, w.tgt.server.Host, file), "EXEC:mbstream -x -C "+dir)
	if err := socat.Start(); err != nil {
		t.Fatal(err)
	}
	w.receiving()
	w.must(w.src, "backup", w.src.m.Backup)
	if err := socat.Wait(); err != nil {
		t.Errorf("socat: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "xtrabackup_checkpoints")); err != nil {
		t.Error(err)
	}
}
