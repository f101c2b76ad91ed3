package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// Service is a service process and a client of it.
type Service struct {
	*Process
	Client   *client.Client
	URL      string // of the listener for people, without a path
	DoorPort int
	Host     string
	Config   string // its configuration file
}

// ServiceOptions say how a service is set up.
type ServiceOptions struct {
	Programs  Programs
	Dir       string // for configuration, log and database; made if missing
	Host      string // loopback address
	Passwords sandbox.Passwords
	// Config is laid over the defaults of the harness, by key.
	Config map[string]any
	// Follows: another node may lead.
	Follows bool
}

// StartService starts a service and waits until it answers.
func StartService(ctx context.Context, o ServiceOptions) (*Service, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	port, err := sandbox.FreePort(o.Host)
	if err != nil {
		return nil, err
	}
	door, err := sandbox.FreePort(o.Host)
	if err != nil {
		return nil, err
	}
	config := map[string]any{
		"ListenAddress":              net.JoinHostPort(o.Host, strconv.Itoa(port)),
		"AgentsServerPort":           net.JoinHostPort(o.Host, strconv.Itoa(door)),
		"SQLite3DataFile":            filepath.Join(o.Dir, "seed.sqlite3"),
		"MySQLTopologyUser":          sandbox.TopologyUser,
		"MySQLTopologyPassword":      o.Passwords.Topology,
		"ReplicationUser":            sandbox.ReplicationUser,
		"ReplicationPassword":        o.Passwords.Replication,
		"DetectClusterAliasQuery":    "SELECT 'shop'",
		"SeedProcessIntervalSeconds": 60,
	}
	maps.Copy(config, o.Config)
	raw, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(o.Dir, "orchestrator.conf.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		return nil, err
	}
	s := &Service{URL: "http://" + net.JoinHostPort(o.Host, strconv.Itoa(port)), DoorPort: door, Host: o.Host, Config: file}
	s.Process = &Process{name: "the service", command: []string{o.Programs.Seed, "http", "--config", file, "--debug"}, env: os.Environ(),
		logPath: filepath.Join(o.Dir, "service.log")}
	if s.Client, err = client.New(client.Options{API: s.URL}); err != nil {
		return nil, err
	}
	if err := s.Start(); err != nil {
		return nil, err
	}
	if o.Follows {
		return s, s.Healthy(ctx)
	}
	return s, s.Ready(ctx)
}

// Healthy waits until the service is healthy, whichever node leads.
func (s *Service) Healthy(ctx context.Context) error {
	return wait(ctx, 60*time.Second, func() error {
		if s.Ended() {
			return final{fmt.Errorf("the service ended: %s", s.LogTail(20))}
		}
		_, _, err := client.Health().Fetch(ctx, s.Client)
		return err
	})
}

// Ready waits until the service is healthy and leads.
func (s *Service) Ready(ctx context.Context) error {
	return wait(ctx, 30*time.Second, func() error {
		if s.Ended() {
			return final{fmt.Errorf("the service ended: %s", s.LogTail(20))}
		}
		_, _, err := client.LeaderCheck().Fetch(ctx, s.Client)
		return err
	})
}

// Restart starts it again after Kill or Stop and waits until it is ready.
func (s *Service) Restart(ctx context.Context) error {
	if err := s.Start(); err != nil {
		return err
	}
	return s.Ready(ctx)
}
