package http

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// TLSFiles is the certificate of a listener and whom it lets in.
type TLSFiles struct {
	CertFile, KeyFile string   // PEM
	CAFile            string   // PEM; who may have signed callers' certificates
	Mutual            bool     // callers need a certificate
	ValidOUs          []string // organizational units of which a caller's certificate has one; empty: any
}

func (f *TLSFiles) config() (*tls.Config, error) {
	pair := &keyPair{certFile: f.CertFile, keyFile: f.KeyFile}
	if _, err := pair.get(nil); err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
	if !f.Mutual {
		return c, nil
	}
	pem, err := os.ReadFile(f.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read authorities: %w", err)
	}
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read authorities: no certificate in %s", f.CAFile)
	}
	c.ClientAuth = tls.RequireAndVerifyClientCert
	if ous := slices.Clone(f.ValidOUs); len(ous) > 0 {
		c.VerifyConnection = func(cs tls.ConnectionState) error {
			for _, ou := range cs.PeerCertificates[0].Subject.OrganizationalUnit {
				if slices.Contains(ous, ou) {
					return nil
				}
			}
			return errors.New("the certificate's organizational unit is not let in here")
		}
	}
	return c, nil
}

// keyPair is a certificate that is read again when its file changes: a renewed one needs no restart.
type keyPair struct {
	certFile, keyFile string

	mu     sync.Mutex
	pair   *tls.Certificate
	stamps [2]time.Time
}

func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	stamps, err := k.changed()
	if err == nil && k.pair != nil && stamps == k.stamps {
		return k.pair, nil
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.LoadX509KeyPair(k.certFile, k.keyFile)
	}
	if err != nil {
		if k.pair != nil {
			return k.pair, nil // half-written files: the old certificate serves until both are there
		}
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	k.pair, k.stamps = &pair, stamps
	return k.pair, nil
}

func (k *keyPair) changed() (stamps [2]time.Time, err error) {
	for i, name := range []string{k.certFile, k.keyFile} {
		st, err := os.Stat(name)
		if err != nil {
			return stamps, err
		}
		stamps[i] = st.ModTime()
	}
	return stamps, nil
}
