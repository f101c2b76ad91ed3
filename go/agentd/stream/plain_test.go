package stream

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// papers are the certificate files of socat-use-ssl: one certificate for both ends, its own authority.
type papers struct {
	file string // certificate and key
	conf *tls.Config
}

func newPapers(t *testing.T) papers {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
	file := filepath.Join(t.TempDir(), "agent.pem")
	if err := os.WriteFile(file, append(certPEM, keyPEM...), 0o600); err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return papers{file: file, conf: &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: pool, ClientCAs: pool,
		ClientAuth: tls.RequireAndVerifyClientCert, ServerName: "localhost"}}
}

// eachLine runs f without and with TLS.
func eachLine(t *testing.T, f func(t *testing.T, p *papers, o PlainOptions)) {
	o := PlainOptions{Patience: 2 * time.Second, FirstPatience: 4 * time.Second}
	t.Run("plain", func(t *testing.T) { f(t, nil, o) })
	t.Run("ssl", func(t *testing.T) {
		p := newPapers(t)
		o.TLS = p.conf
		f(t, &p, o)
	})
}

func (p *papers) listen(port, options string) string {
	if p == nil {
		return "TCP-LISTEN:" + port + ",reuseaddr" + options
	}
	return "OPENSSL-LISTEN:" + port + ",reuseaddr,cert=" + p.file + ",cafile=" + p.file + options
}

func (p *papers) connect(addr string) string {
	if p == nil {
		return "TCP:" + addr
	}
	_, port, _ := net.SplitHostPort(addr)
	return "OPENSSL:localhost:" + port + ",pf=ip4,cert=" + p.file + ",cafile=" + p.file
}

// payloadPipe gives payload through a process's pipe, as a tool does.
func payloadPipe(t *testing.T, payload []byte) (io.Reader, func() error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "payload")
	if err := os.WriteFile(path, payload, 0o600); err != nil {
		t.Fatal(err)
	}
	return started(t, exec.Command("cat", path))
}

func started(t *testing.T, cmd *exec.Cmd) (io.Reader, func() error) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return out, cmd.Wait
}

// fileSink is a tool that writes what it reads into a file.
func fileSink(t *testing.T) (path string, in io.Writer, ended func() error) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "received")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("cat")
	cmd.Stdout = f
	pipe, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	var once bool
	ended = func() error {
		once = true
		return errors.Join(pipe.Close(), cmd.Wait())
	}
	t.Cleanup(func() {
		if !once {
			_ = cmd.Process.Kill()
			_ = ended()
		}
	})
	return path, pipe, ended
}

func wantFile(t *testing.T, path string, payload []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, payload) {
		t.Fatalf("%v; received %d bytes that are not the %d sent", err, len(got), len(payload))
	}
}

func TestSocatSourceSeedsOurTarget(t *testing.T) {
	payload := noise(10 << 20)
	eachLine(t, func(t *testing.T, p *papers, o PlainOptions) {
		r, err := ListenPlain(t.Context(), "127.0.0.1:0", o)
		if err != nil {
			t.Fatal(err)
		}
		src, _ := payloadPipe(t, payload)
		socat := exec.Command("socat", "-u", "-", p.connect(r.Addr().String()))
		socat.Stdin = src
		var said bytes.Buffer
		socat.Stderr = &said
		if err := socat.Start(); err != nil {
			t.Fatal(err)
		}
		path, dst, ended := fileSink(t)
		sum, err := r.Receive(t.Context(), dst, ended)
		if err := errors.Join(err, socat.Wait()); err != nil || sum.Bytes != int64(len(payload)) {
			t.Fatalf("%v, %+v; socat: %s", err, sum, &said)
		}
		wantFile(t, path, payload)
	})
}

func TestOurSourceSeedsSocatTargetThatComesLate(t *testing.T) {
	payload := noise(10 << 20)
	eachLine(t, func(t *testing.T, p *papers, o PlainOptions) {
		addr := freeAddr(t)
		_, port, _ := net.SplitHostPort(addr)
		src, ended := payloadPipe(t, payload)
		sent := make(chan error, 1)
		go func() {
			_, err := SendPlain(t.Context(), addr, src, ended, o)
			sent <- err
		}()
		<-time.After(200 * time.Millisecond) // refused meanwhile
		path := filepath.Join(t.TempDir(), "received")
		socat := exec.Command("socat", "-u", p.listen(port, ""), `EXEC:"dd of=`+path+` bs=64k status=none"`)
		var said bytes.Buffer
		socat.Stderr = &said
		if err := errors.Join(socat.Run(), <-sent); err != nil {
			t.Fatalf("%v; socat: %s", err, &said)
		}
		eventuallyFile(t, path, payload)
	})
}

// eventuallyFile waits for socat's tool, which may end after socat.
func eventuallyFile(t *testing.T, path string, payload []byte) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		if info, err := os.Stat(path); err == nil && info.Size() == int64(len(payload)) {
			break
		}
		waitFor(t.Context().Done(), 10*time.Millisecond)
	}
	wantFile(t, path, payload)
}

func TestOurTwoPlainEndsFitEachOther(t *testing.T) {
	payload := noise(10 << 20)
	eachLine(t, func(t *testing.T, _ *papers, o PlainOptions) {
		r, err := ListenPlain(t.Context(), "127.0.0.1:0", o)
		if err != nil {
			t.Fatal(err)
		}
		src, ended := payloadPipe(t, payload)
		sent := make(chan error, 1)
		go func() {
			_, err := SendPlain(t.Context(), r.Addr().String(), src, ended, o)
			sent <- err
		}()
		path, dst, written := fileSink(t)
		_, err = r.Receive(t.Context(), dst, written)
		if err := errors.Join(err, <-sent); err != nil {
			t.Fatal(err)
		}
		wantFile(t, path, payload)
	})
}

func TestEmptyConnectionsAreNotTakenForTheBackup(t *testing.T) {
	payload := noise(1 << 20)
	eachLine(t, func(t *testing.T, _ *papers, o PlainOptions) {
		r, err := ListenPlain(t.Context(), "127.0.0.1:0", o)
		if err != nil {
			t.Fatal(err)
		}
		received := make(chan error, 1)
		var got bytes.Buffer
		go func() {
			_, err := r.Receive(t.Context(), &got, func() error { return nil })
			received <- err
		}()
		for i := range 5 {
			c, err := net.Dial("tcp", r.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				c.Close() // a probe
			} else {
				defer c.Close() // a silent one
			}
		}
		if _, err := SendPlain(t.Context(), r.Addr().String(), bytes.NewReader(payload), func() error { return nil }, o); err != nil {
			t.Error(err)
		}
		if err := <-received; err != nil || !bytes.Equal(got.Bytes(), payload) {
			t.Errorf("%v, %d bytes", err, got.Len())
		}
	})
}

func TestPlainToolThatFailsAfterItsLastByteGivesNoWholeArchive(t *testing.T) {
	eachLine(t, func(t *testing.T, p *papers, o PlainOptions) {
		addr := freeAddr(t)
		_, port, _ := net.SplitHostPort(addr)
		payload := noise(1 << 20)
		path := filepath.Join(t.TempDir(), "received")
		socat := exec.Command("socat", "-u", p.listen(port, ""), "CREATE:"+path)
		if err := socat.Start(); err != nil {
			t.Fatal(err)
		}
		src, wait := payloadPipe(t, payload)
		_, err := SendPlain(t.Context(), addr, src, func() error { return errors.Join(wait(), errTool) }, o)
		if !errors.Is(err, errTool) {
			t.Errorf("send: %v", err)
		}
		// Without TLS socat's exit status is that of a good end; its tool must not get a whole archive.
		if err := socat.Wait(); err == nil && p != nil {
			t.Error("socat took it for a good end")
		}
		if got, err := os.ReadFile(path); err != nil || len(got) >= len(payload) {
			t.Errorf("%v; all of %d bytes came", err, len(got))
		}
	})
}

func TestPlainReceivingToolThatFailsIsAnErrorOfOurSender(t *testing.T) {
	eachLine(t, func(t *testing.T, _ *papers, o PlainOptions) {
		r, err := ListenPlain(t.Context(), "127.0.0.1:0", o)
		if err != nil {
			t.Fatal(err)
		}
		sent := make(chan error, 1)
		go func() {
			_, err := SendPlain(t.Context(), r.Addr().String(), bytes.NewReader(noise(1<<20)), func() error { return nil }, o)
			sent <- err
		}()
		if _, err := r.Receive(t.Context(), io.Discard, func() error { return errTool }); !errors.Is(err, errTool) {
			t.Errorf("receive: %v", err)
		}
		if err := <-sent; !IsCode(err, CodeCut) {
			t.Errorf("send: %v", err)
		}
	})
}

func TestPlainSenderThatIsKilledIsSeenWithTLS(t *testing.T) {
	p := newPapers(t)
	o := PlainOptions{TLS: p.conf, Patience: 2 * time.Second, FirstPatience: 4 * time.Second}
	r, err := ListenPlain(t.Context(), "127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	socat := exec.Command("socat", "-u", "OPEN:/dev/zero", p.connect(r.Addr().String()))
	if err := socat.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	_, err = r.Receive(t.Context(), writeFunc(func(b []byte) (int, error) {
		if !killed {
			killed = true
			_ = socat.Process.Kill()
		}
		return len(b), nil
	}), func() error { t.Error("taken for a good end"); return nil })
	if !IsCode(err, CodeCut) {
		t.Errorf("receive: %v", err)
	}
	_ = socat.Wait()
}

func TestPlainReceivingToolThatDiesEndsTheSender(t *testing.T) {
	eachLine(t, func(t *testing.T, p *papers, o PlainOptions) {
		addr := freeAddr(t)
		_, port, _ := net.SplitHostPort(addr)
		socat := exec.Command("socat", "-u", p.listen(port, ""), "EXEC:head -c 1000000")
		if err := socat.Start(); err != nil {
			t.Fatal(err)
		}
		src, _ := started(t, exec.Command("cat", "/dev/zero"))
		if _, err := SendPlain(t.Context(), addr, src, func() error { return nil }, o); !IsCode(err, CodeCut) {
			t.Errorf("send: %v", err)
		}
		_ = src.(io.Closer).Close() // the tool ends by SIGPIPE
		_ = socat.Wait()
	})
}

func TestPlainAbortEndsSoonAndFreesThePort(t *testing.T) {
	eachLine(t, func(t *testing.T, _ *papers, o PlainOptions) {
		for _, when := range []string{"waiting", "receiving"} {
			ctx, abort := context.WithCancelCause(t.Context())
			r, err := ListenPlain(t.Context(), "127.0.0.1:0", o)
			if err != nil {
				t.Fatal(err)
			}
			addr := r.Addr().String()
			sent := make(chan error, 1)
			sent <- nil
			dst := writeFunc(func(b []byte) (int, error) {
				abort(errors.New("aborted by an operator"))
				return len(b), nil
			})
			if when == "waiting" {
				abort(errors.New("aborted by an operator"))
			} else {
				<-sent
				src, _ := started(t, exec.Command("cat", "/dev/zero"))
				defer src.(io.Closer).Close()
				go func() {
					_, err := SendPlain(t.Context(), addr, src, func() error { return nil }, o)
					sent <- err
				}()
			}
			start := time.Now()
			if _, err := r.Receive(ctx, dst, nil); err == nil || !strings.Contains(err.Error(), "aborted by an operator") {
				t.Errorf("%s: %v", when, err)
			}
			if err := <-sent; when == "receiving" && !IsCode(err, CodeCut) {
				t.Errorf("send: %v", err)
			}
			if took := time.Since(start); took > 4*time.Second {
				t.Errorf("%s took %s", when, took)
			}
			again, err := net.Listen("tcp", addr)
			if err != nil {
				t.Fatalf("%s: the port is not free: %v", when, err)
			}
			again.Close()
		}
	})
}

func TestPlainPeerThatNeverComesIsAnErrorInTime(t *testing.T) {
	o := PlainOptions{Patience: 200 * time.Millisecond, FirstPatience: 200 * time.Millisecond}
	r, err := ListenPlain(t.Context(), "127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Receive(t.Context(), io.Discard, nil); !IsCode(err, CodePeerLate) {
		t.Errorf("receive: %v", err)
	}
	if _, err := SendPlain(t.Context(), freeAddr(t), bytes.NewReader(nil), nil, o); !IsCode(err, CodePeerLate) {
		t.Errorf("send: %v", err)
	}
}
