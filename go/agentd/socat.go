package agentd

import (
	"crypto/tls"
	"fmt"
	"os"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/config"
)

// plainTLS makes the TLS of the plain stream to and from agents of others, as socat's options say it: one file with
// certificate and key, an authority, and each side's certificate checked unless socat-ssl-skip-verify says no. nil, nil when
// socat-use-ssl is off. Files are read each time.
func plainTLS(s config.Socat) (server, client func() (*tls.Config, error)) {
	if !s.UseSSL {
		return nil, nil
	}
	server = func() (*tls.Config, error) {
		t, err := socatTLS(s)
		if err != nil {
			return nil, err
		}
		if len(t.Certificates) == 0 {
			return nil, fmt.Errorf("socat-ssl-cert-file is not set: the receiving end needs a certificate")
		}
		if !s.SSLSkipVerify {
			t.ClientAuth, t.ClientCAs = tls.RequireAndVerifyClientCert, t.RootCAs
		}
		return t, nil
	}
	client = func() (*tls.Config, error) { return socatTLS(s) }
	return server, client
}

func socatTLS(s config.Socat) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: s.SSLSkipVerify}
	if s.SSLCertFile != "" {
		text, err := os.ReadFile(s.SSLCertFile)
		if err != nil {
			return nil, fmt.Errorf("read certificate and key: %w", err)
		}
		pair, err := tls.X509KeyPair(text, text)
		if err != nil {
			return nil, fmt.Errorf("read certificate and key from %s: %w", s.SSLCertFile, err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	if s.SSLCAFile != "" {
		pool, err := authorities(s.SSLCAFile)
		if err != nil {
			return nil, err
		}
		t.RootCAs = pool
	}
	return t, nil
}
