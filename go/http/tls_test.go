package http

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority signs certificates for 127.0.0.1 into files of a directory.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	n    int64
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.sign("ca", "", true)
	return a
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

// sign writes name.crt and name.key.
func (a *authority) sign(name, ou string, ca bool) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	a.n++
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(a.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.n), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: ca, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ou != "" {
		template.Subject.OrganizationalUnit = []string{ou}
	}
	parent, signer := a.cert, a.key
	if ca {
		parent, signer = template, key
		template.KeyUsage = x509.KeyUsageCertSign
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	must(a.t, err)
	secret, err := x509.MarshalECPrivateKey(key)
	must(a.t, err)
	must(a.t, os.WriteFile(a.path(name+".crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(a.t, os.WriteFile(a.path(name+".key"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}), 0o600))
	cert, err := x509.ParseCertificate(der)
	must(a.t, err)
	return cert, key
}

// ping calls the door with that certificate ("": none) and returns the serial number of the door's.
func (a *authority) ping(addr, client string) (serial int64, err error) {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	config := &tls.Config{RootCAs: pool}
	if client != "" {
		pair, err := tls.LoadX509KeyPair(a.path(client+".crt"), a.path(client+".key"))
		must(a.t, err)
		config.Certificates = []tls.Certificate{pair}
	}
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get("https://" + addr + "/api/agent-ping")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	want(a.t, "status", resp.StatusCode, 200)
	return resp.TLS.PeerCertificates[0].SerialNumber.Int64(), nil
}

func (a *authority) listen(o TLSFiles) (addr string) {
	a.t.Helper()
	s := start(a.t, newWorld(), nil)
	o.CertFile, o.KeyFile = a.path("server.crt"), a.path("server.key")
	l, err := Listen(a.t.Context(), ListenOptions{Address: "127.0.0.1:0", Handler: s.AgentsHandler(), TLS: &o})
	must(a.t, err)
	served := make(chan error, 1)
	go func() { served <- l.Serve() }()
	a.t.Cleanup(func() {
		must(a.t, l.server.Close())
		must(a.t, <-served)
	})
	return l.Addr().String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMutualTLSLetsInOnlyTheRightUnit(t *testing.T) {
	a := newAuthority(t)
	a.sign("server", "", false)
	a.sign("agent", "agents", false)
	a.sign("other", "others", false)
	addr := a.listen(TLSFiles{CAFile: a.path("ca.crt"), Mutual: true, ValidOUs: []string{"agents"}})
	_, err := a.ping(addr, "agent")
	must(t, err)
	for _, client := range []string{"", "other"} {
		if _, err := a.ping(addr, client); err == nil {
			t.Errorf("%q was let in", client)
		}
	}
}

func TestRenewedCertificateIsServedWithoutARestart(t *testing.T) {
	a := newAuthority(t)
	a.sign("server", "", false)
	addr := a.listen(TLSFiles{})
	first, err := a.ping(addr, "")
	must(t, err)
	a.sign("server", "", false)
	later := time.Now().Add(time.Minute) // file systems' clocks may be coarse
	must(t, os.Chtimes(a.path("server.crt"), later, later))
	second, err := a.ping(addr, "")
	must(t, err)
	if first == second {
		t.Errorf("certificate %d is still served", first)
	}
	must(t, os.WriteFile(a.path("server.crt"), []byte("half"), 0o600))
	third, err := a.ping(addr, "")
	must(t, err)
	want(t, "certificate while a new one is being written", third, second)
}
