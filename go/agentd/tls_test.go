package agentd

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/config"
)

// authority signs certificates into a directory.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.sign("ca", "", "", nil)
	return a
}

// sign writes NAME.pem and NAME.key; the first one is the authority's own.
func (a *authority) sign(name, unit, ip string, change func(*x509.Certificate)) (certFile, keyFile string) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if unit != "" {
		c.Subject.OrganizationalUnit = []string{unit}
	}
	if ip != "" {
		c.IPAddresses = []net.IP{net.ParseIP(ip)}
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
		parent, signer = c, key
	}
	if change != nil {
		change(c)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.cert == nil {
		if a.cert, err = x509.ParseCertificate(der); err != nil {
			a.t.Fatal(err)
		}
		a.key = key
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(a.dir, name+".pem"), filepath.Join(a.dir, name+".key")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// ask calls the agent's status with that certificate and returns the HTTP status, 0 when there was none.
func (a *authority) ask(url, certFile, keyFile string) int {
	a.t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	conf := &tls.Config{RootCAs: pool}
	if certFile != "" {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			a.t.Fatal(err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: conf, DisableKeepAlives: true}}
	res, err := client.Get(url)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

func TestMutualTLSAsksForACertificateOfTheRightUnitAndTakesARenewedOne(t *testing.T) {
	a := newAuthority(t)
	s := newSite(t, newService(t).URL)
	c, _, err := config.Read(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	co := &c.Common
	co.SSLCertFile, co.SSLPrivateKeyFile = a.sign("agent", "", s.host, nil)
	co.UseSSL, co.UseMutualTLS, co.SSLCAFile, co.SSLValidOUs = true, true, filepath.Join(a.dir, "ca.pem"), []string{"dba"}
	goodCert, goodKey := a.sign("good", "dba", "", nil)
	badCert, badKey := a.sign("bad", "web", "", nil)
	ctx := context.Background()
	app, err := New(ctx, Options{Config: c, Methods: standIn(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	info, status := fmt.Sprintf("https://%s/api/get-agent-info", app.Addr()), fmt.Sprintf("https://%s/api/status", app.Addr())
	for _, x := range []struct {
		url, cert, key string
		want           int
	}{{info, "", "", 0}, {info, badCert, badKey, 401}, {status, badCert, badKey, 200}, {info, goodCert, goodKey, 200}} {
		if got := a.ask(x.url, x.cert, x.key); got != x.want {
			t.Errorf("%s with %q: %d", x.url, x.cert, got)
		}
	}
	a.sign("agent", "", s.host, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	if got := a.ask(info, goodCert, goodKey); got != 0 {
		t.Errorf("expired certificate: %d", got)
	}
	a.sign("agent", "", s.host, nil)
	if got := a.ask(info, goodCert, goodKey); got != 200 {
		t.Errorf("renewed certificate: %d", got)
	}
}

func TestUnusableCertificateStopsTheStart(t *testing.T) {
	s := newSite(t, "http://127.0.0.1")
	c, _, err := config.Read(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	c.Common.UseSSL, c.Common.SSLCertFile, c.Common.SSLPrivateKeyFile = true, "/nosuch.pem", "/nosuch.key"
	if _, err := New(context.Background(), Options{Config: c, Methods: standIn(), Logger: slog.New(slog.DiscardHandler)}); err == nil {
		t.Fatal("started")
	}
	c.Common.UseSSL = false
	app, err := New(context.Background(), Options{Config: c, Methods: standIn(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal("the state directory is still locked:", err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
