package app

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/orchestrator-seed/orchestrator-seed/go/config"
	"github.com/orchestrator-seed/orchestrator-seed/go/http"
)

// clientFiles is the TLS of connections that the service opens.
type clientFiles struct {
	cert, key, ca string
	mutual        bool
	skipVerify    bool
}

// config is nil when no TLS was configured.
func (f clientFiles) config() (*tls.Config, error) {
	if !f.mutual && f.ca == "" && !f.skipVerify {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: f.skipVerify}
	if f.ca != "" {
		pem, err := os.ReadFile(f.ca)
		if err != nil {
			return nil, fmt.Errorf("read authorities: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read authorities: no certificate in %s", f.ca)
		}
	}
	if f.mutual {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, fmt.Errorf("read certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func backendTLS(c config.Config) (*tls.Config, error) {
	return clientFiles{c.MySQLOrchestratorSSLCertFile, c.MySQLOrchestratorSSLPrivateKeyFile, c.MySQLOrchestratorSSLCAFile,
		c.MySQLOrchestratorUseMutualTLS, c.MySQLOrchestratorSSLSkipVerify}.config()
}

func topologyTLS(c config.Config) (*tls.Config, error) {
	return clientFiles{c.MySQLTopologySSLCertFile, c.MySQLTopologySSLPrivateKeyFile, c.MySQLTopologySSLCAFile,
		c.MySQLTopologyUseMutualTLS, c.MySQLTopologySSLSkipVerify}.config()
}

// agentsTLS is how agents are called; nil: plain HTTP.
func agentsTLS(c config.Config) (*tls.Config, error) {
	if !c.AgentsUseSSL && !c.AgentsUseMutualTLS {
		return nil, nil
	}
	t, err := clientFiles{c.AgentSSLCertFile, c.AgentSSLPrivateKeyFile, c.AgentSSLCAFile, c.AgentsUseMutualTLS, c.AgentSSLSkipVerify}.config()
	if t == nil && err == nil {
		t = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return t, err
}

// serviceFiles and doorFiles are the certificates of the two listeners; nil: plain HTTP.
func serviceFiles(c config.Config) *http.TLSFiles {
	if !c.UseSSL && !c.UseMutualTLS {
		return nil
	}
	return &http.TLSFiles{CertFile: c.SSLCertFile, KeyFile: c.SSLPrivateKeyFile, CAFile: c.SSLCAFile, Mutual: c.UseMutualTLS, ValidOUs: c.SSLValidOUs}
}

func doorFiles(c config.Config) *http.TLSFiles {
	if !c.AgentsUseSSL && !c.AgentsUseMutualTLS {
		return nil
	}
	return &http.TLSFiles{CertFile: c.AgentSSLCertFile, KeyFile: c.AgentSSLPrivateKeyFile, CAFile: c.AgentSSLCAFile, Mutual: c.AgentsUseMutualTLS, ValidOUs: c.AgentSSLValidOUs}
}
