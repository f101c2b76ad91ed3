package agentd

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/config"
)

// serverTLS is the listener's TLS, nil for plain HTTP. Certificates are read at each handshake, so that a renewed one is
// taken without a restart.
func serverTLS(c *config.Common) (*tls.Config, error) {
	if !c.UseSSL && !c.UseMutualTLS {
		return nil, nil
	}
	load := func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate(c) }
	if _, err := load(nil); err != nil {
		return nil, err
	}
	t := &tls.Config{GetCertificate: load, MinVersion: tls.VersionTLS12}
	if !c.UseMutualTLS {
		return t, nil
	}
	pool, err := authorities(c.SSLCAFile)
	if err != nil {
		return nil, err
	}
	t.ClientAuth, t.ClientCAs = tls.RequireAndVerifyClientCert, pool
	return t, nil
}

// serviceClient calls the service; with a certificate of the agent's, if it has one.
func serviceClient(c *config.Common) (*http.Client, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.SSLSkipVerify}
	if c.SSLCAFile != "" {
		pool, err := authorities(c.SSLCAFile)
		if err != nil {
			return nil, err
		}
		t.RootCAs = pool
	}
	if c.SSLCertFile != "" && c.SSLPrivateKeyFile != "" {
		t.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate(c) }
	}
	return &http.Client{
		Transport: &http.Transport{TLSClientConfig: t, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a token is not carried elsewhere
		},
	}, nil
}

func certificate(c *config.Common) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.SSLCertFile, c.SSLPrivateKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read certificate and key: %w", err)
	}
	return &pair, nil
}

func authorities(path string) (*x509.CertPool, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read ssl-ca-file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("read ssl-ca-file: %s holds no certificate", path)
	}
	return pool, nil
}
