package cli

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
)

// PasswordEnv holds the password; there is no flag for it, since arguments can be seen by everyone on the machine.
const PasswordEnv = "ORCHESTRATOR_AUTH_PASSWORD"

// globals are the flags of every command.
type globals struct {
	API              string        `name:"api" env:"ORCHESTRATOR_API" default:"http://127.0.0.1:3000" placeholder:"URL" help:"The service; of several URLs, separated by commas or blanks, the leader's is used." group:"Service"`
	AuthUser         string        `name:"auth-user" env:"ORCHESTRATOR_AUTH_USER" placeholder:"NAME" help:"User to log in with. The password is taken from ORCHESTRATOR_AUTH_PASSWORD or a file, never from an argument." group:"Service"`
	AuthPasswordFile string        `name:"auth-password-file" type:"path" placeholder:"FILE" help:"File whose first line is the password." group:"Service"`
	SSLCAFile        string        `name:"ssl-ca-file" type:"path" placeholder:"FILE" help:"Certificates (PEM) to trust besides the system's." group:"Service"`
	SSLCertFile      string        `name:"ssl-cert-file" type:"path" placeholder:"FILE" help:"Own certificate (PEM), for mutual TLS." group:"Service"`
	SSLKeyFile       string        `name:"ssl-private-key-file" type:"path" placeholder:"FILE" help:"Private key (PEM) of the own certificate." group:"Service"`
	SSLSkipVerify    bool          `name:"ssl-skip-verify" help:"Do not check the service's certificate." group:"Service"`
	Timeout          time.Duration `name:"timeout" default:"90s" placeholder:"TIME" help:"How long one call may take (default ${default})." group:"Service"`

	Output  string `name:"output" short:"o" enum:"table,json,yaml" default:"table" placeholder:"FORMAT" help:"table for people, json exactly as the API answers, or yaml (default ${default})." group:"Output"`
	NoColor bool   `name:"no-color" help:"No colours; NO_COLOR in the environment does the same." group:"Output"`
}

// connect makes the client that the flags describe.
func (g *globals) connect(version string) (*client.Client, error) {
	password, err := g.password()
	if err != nil {
		return nil, err
	}
	conf, err := g.tls()
	if err != nil {
		return nil, err
	}
	return client.New(client.Options{
		API:          g.API,
		AuthUser:     g.AuthUser,
		AuthPassword: password,
		Timeout:      g.Timeout,
		TLS:          conf,
		UserAgent:    "orchestrator-seed/" + version,
	})
}

func (g *globals) password() (string, error) {
	if g.AuthPasswordFile == "" {
		return os.Getenv(PasswordEnv), nil
	}
	b, err := os.ReadFile(g.AuthPasswordFile)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}

func (g *globals) tls() (*tls.Config, error) {
	if g.SSLCAFile == "" && g.SSLCertFile == "" && g.SSLKeyFile == "" && !g.SSLSkipVerify {
		return nil, nil
	}
	conf := &tls.Config{InsecureSkipVerify: g.SSLSkipVerify, MinVersion: tls.VersionTLS12}
	if g.SSLCAFile != "" {
		pem, err := os.ReadFile(g.SSLCAFile)
		if err != nil {
			return nil, fmt.Errorf("read the certificates to trust: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("no certificate in %s", g.SSLCAFile)
		}
		conf.RootCAs = pool
	}
	if (g.SSLCertFile == "") != (g.SSLKeyFile == "") {
		return nil, errors.New("--ssl-cert-file and --ssl-private-key-file go together")
	}
	if g.SSLCertFile != "" {
		cert, err := tls.LoadX509KeyPair(g.SSLCertFile, g.SSLKeyFile)
		if err != nil {
			return nil, fmt.Errorf("read the own certificate: %w", err)
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	return conf, nil
}
