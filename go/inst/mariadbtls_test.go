package inst_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// certificate makes a self-signed one for that address; returns the two files and a pool that trusts it.
func certificate(t *testing.T, host string) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.ParseIP(host)},
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return certFile, keyFile, pool
}

func TestMariaDBReplicaReachesASourceThatTakesTLSOnly(t *testing.T) {
	host := sandbox.HostsT(t, 1)[0]
	cert, key, pool := certificate(t, host)
	p := newPair(t, sandbox.Options{Kind: sandbox.MariaDB})
	p.source = sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB, Host: host, Extra: []string{"ssl_cert=" + cert, "ssl_key=" + key}})
	run(t, p.source, "ALTER USER "+sandbox.ReplicationUser+"@'%' REQUIRE SSL")
	p.opt.MixedTLS = true
	in := p.copied()
	if !in.HasTLS {
		t.Errorf("%+v", in)
	}
	p.connect(whole(in))
	p.arrives(2)

	p.opt.MixedTLS, p.opt.TLS = false, &tls.Config{RootCAs: pool}
	if _, err := p.topology().ReadInstance(testContext(t), addr(p.source)); err != nil {
		t.Error(err)
	}
	p.opt.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
	if _, err := p.topology().ReadInstance(testContext(t), addr(p.source)); err == nil {
		t.Error("a certificate that nobody trusts was taken")
	}
	if _, err := inst.New(inst.Options{User: "x", TLS: &tls.Config{RootCAs: pool}}).ReadInstance(testContext(t), addr(p.target)); err == nil {
		t.Error("a server without TLS was talked to in the clear")
	}
}
