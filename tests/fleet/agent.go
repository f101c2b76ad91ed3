package fleet

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// Agent is an agent process beside a database server; its host name is the server's address, or one that leads there.
type Agent struct {
	*Process
	Server    *sandbox.Server
	Host      string
	BackupDir string
	StateDir  string
	Port      int
	SeedPort  int    // for data, while a seed runs that needs it
	Bind      string // the address that it listens on; Host, unless somebody stands in between
	service   *Service
}

// AgentOptions say how an agent is set up.
type AgentOptions struct {
	Programs  Programs
	Service   *Service
	Server    *sandbox.Server
	Name      string // "": the server's address
	Dir       string // for configuration, log, state and backups; made if missing
	BackupDir string // "": inside Dir
	// DoorPort is where the agent believes the agents' door to be; 0: where it is.
	DoorPort int
	// Bind is a loopback address to listen on in place of the host's own; "": the host's own. Then Between is called before the
	// agent is started: what comes to the host's ports must be handed on.
	Bind    string
	Between func(a *Agent) error
	// Path goes before the server's programs in PATH: stand-ins for tools.
	Path string
	// Env is the agent's environment; nil: ours, with Path and the server's programs first in PATH.
	Env []string
	// Config is laid over the harness's defaults: section, key, value.
	Config map[string]map[string]any
}

// StartAgent starts an agent and waits until the service knows it.
func StartAgent(ctx context.Context, o AgentOptions) (*Agent, error) {
	a := &Agent{Server: o.Server, Host: cmp.Or(o.Name, o.Server.Host), BackupDir: o.BackupDir, StateDir: filepath.Join(o.Dir, "state"),
		Bind: cmp.Or(o.Bind, o.Server.Host), service: o.Service}
	if a.BackupDir == "" {
		a.BackupDir = filepath.Join(o.Dir, "backup")
	}
	for _, dir := range []string{o.Dir, a.BackupDir, a.StateDir} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	var err error
	if a.Port, err = sandbox.FreePort(a.Host); err != nil {
		return nil, err
	}
	config, err := a.config(o)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(o.Dir, "orchestrator-agent.conf")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	env := o.Env
	if env == nil {
		if env, err = toolsEnv(o.Server.Kind, o.Path); err != nil {
			return nil, err
		}
	}
	a.Process = &Process{name: "agent " + a.Host, command: []string{o.Programs.Agent, "--config", file}, env: env, logPath: filepath.Join(o.Dir, "agent.log")}
	if o.Between != nil {
		if err := o.Between(a); err != nil {
			return nil, err
		}
	}
	if err := a.Start(); err != nil {
		return nil, err
	}
	return a, a.Registered(ctx)
}

func (a *Agent) config(o AgentOptions) ([]byte, error) {
	var err error
	if a.SeedPort, err = sandbox.FreePort(a.Host); err != nil {
		return nil, err
	}
	door := cmp.Or(o.DoorPort, o.Service.DoorPort)
	conf := map[string]map[string]any{
		"common": {
			"port": a.Port, "seed-port": a.SeedPort, "hostname": a.Host, "bind-address": a.Bind, "backup-dir": a.BackupDir, "state-dir": a.StateDir,
			"poll-interval": "1s", "resubmit-agent-interval": "60m0s",
		},
		"orchestrator": {"url": "http://" + inURL(o.Service.Host), "agents-port": door},
		"logging":      {"level": "debug"},
		"mysql": {
			"host": o.Server.Host, "port": o.Server.Port, "user": o.Server.AgentUser, "password": o.Server.Passwords.Agent,
			"service-status-command": []string{o.Server.StatusCommand()}, "service-start-command": []string{o.Server.StartCommand()},
			"service-stop-command": []string{o.Server.StopCommand()},
		},
	}
	for section, keys := range o.Config {
		if conf[section] == nil {
			conf[section] = map[string]any{}
		}
		for key, value := range keys {
			conf[section][key] = value
		}
	}
	var b strings.Builder
	if err := toml.NewEncoder(&b).Encode(conf); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}

// inURL is a host as URLs have it: IPv6 in brackets.
func inURL(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// toolsEnv is our environment with the kind's own client programs first in PATH.
func toolsEnv(kind sandbox.Kind, first string) ([]string, error) {
	bin, err := sandbox.Bin(kind)
	if err != nil {
		return nil, err
	}
	path := bin + ":" + os.Getenv("PATH")
	if first != "" {
		path = first + ":" + path
	}
	env := []string{"PATH=" + path}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "PATH=") {
			env = append(env, e)
		}
	}
	return env, nil
}

// Registered waits until the service knows the agent and has had an answer from it.
func (a *Agent) Registered(ctx context.Context) error {
	return wait(ctx, 40*time.Second, func() error {
		if a.Ended() {
			return final{fmt.Errorf("the agent on %s ended: %s", a.Host, a.LogTail(20))}
		}
		_, _, err := client.UpdateAgent(a.Host).Fetch(ctx, a.service.Client)
		return err
	})
}
