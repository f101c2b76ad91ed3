package stream

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"time"
)

const (
	secretSize = 32
	// protocol is the name that both ends must agree on in the TLS handshake; another version of the frames is another name.
	protocol = "orchestrator-seed-stream/1"

	roleSender   = "sender"
	roleReceiver = "receiver"
)

var errOtherKey = errors.New("the other side's key was not made from this stream's secret and seed")

// key makes the private key of one role of one stream. Whoever has the secret can make both, so that no key or certificate
// has to be carried.
func key(secret string, seed int64, role string) (ed25519.PrivateKey, error) {
	raw, err := hex.DecodeString(secret)
	if err != nil || len(raw) != secretSize {
		return nil, errors.New("the stream's secret is not 64 hex digits")
	}
	material, err := hkdf.Key(sha256.New, raw, []byte(protocol), fmt.Sprintf("seed %d %s", seed, role), ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("derive the key of the %s: %w", role, err)
	}
	return ed25519.NewKeyFromSeed(material), nil
}

// tlsConfig is for the end that plays role: it shows its own key in a certificate that says nothing else, and takes no
// other peer than the one with the other role's key.
func tlsConfig(secret string, seed int64, role string) (*tls.Config, error) {
	other := roleSender
	if role == roleSender {
		other = roleReceiver
	}
	own, err := key(secret, seed, role)
	if err != nil {
		return nil, err
	}
	peer, err := key(secret, seed, other)
	if err != nil {
		return nil, err
	}
	cert, err := certificate(own)
	if err != nil {
		return nil, err
	}
	pinned := peer.Public().(ed25519.PublicKey)
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{cert},
		NextProtos:   []string{protocol},
		ClientAuth:   tls.RequireAnyClientCert,
		// The key is pinned below; names and dates say nothing here.
		InsecureSkipVerify:          true,
		SessionTicketsDisabled:      true,
		DynamicRecordSizingDisabled: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			if s.NegotiatedProtocol != protocol || len(s.PeerCertificates) != 1 {
				return errOtherKey
			}
			if got, ok := s.PeerCertificates[0].PublicKey.(ed25519.PublicKey); !ok || !pinned.Equal(got) {
				return errOtherKey
			}
			return nil
		},
	}, nil
}

func certificate(key ed25519.PrivateKey) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "stream"},
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make the stream's certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
