package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
)

// Fleet is one service, a full server and an empty one, each with its agent.
type Fleet struct {
	Dir     string
	Service *Service
	Source  *Agent
	Target  *Agent

	release func()
	door    *http.Server // the deaf door, with NoCallbacks
}

// Options say what a fleet is made of.
type Options struct {
	Programs Programs
	Dir      string       // made if missing, and left
	Kind     sandbox.Kind // of both servers
	// Hosts are the addresses of service, source and target, or, for the latter two, names that lead to one; none: three of
	// 127.0.0.0/8 that nobody else has. Ports are free ones in any case, so that "::1" and "0::1", which are one address in
	// two ways, do for IPv6.
	Hosts []string
	// Source and Target are laid under what the harness sets (kind, host, and the directory if they have none).
	Source, Target sandbox.Options
	// ServiceConfig and AgentConfig are laid over the harness's defaults.
	ServiceConfig map[string]any
	AgentConfig   map[string]map[string]any
	// TargetBackupDir is where the target's agent stages; "": inside Dir.
	TargetBackupDir string
	// SourceAgent and TargetAgent are programs in place of Programs.Agent; "": that one.
	SourceAgent, TargetAgent string
	// SourcePath and TargetPath go first in PATH of that side's agent: stand-ins for tools.
	SourcePath, TargetPath string
	// TargetBind and TargetBetween are AgentOptions.Bind and Between of the target's agent.
	TargetBind    string
	TargetBetween func(a *Agent) error
	// NoCallbacks: the agents' reports reach nobody, as those of agents that never call back.
	NoCallbacks bool
	// Fill puts data into the source before its agent starts; nil: nothing.
	Fill func(ctx context.Context, source *sandbox.Server) error
}

// Start starts everything; on error nothing of it is left running.
func Start(ctx context.Context, o Options) (f *Fleet, err error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	hosts, release := o.Hosts, func() {}
	if len(hosts) == 0 {
		if hosts, release, err = sandbox.LoopbackHosts(3); err != nil {
			return nil, err
		}
	}
	f = &Fleet{Dir: o.Dir, release: release}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
			f = nil
		}
	}()
	f.Source, f.Target = &Agent{}, &Agent{}
	if f.Source.Server, err = startServer(ctx, o.Source, o, hosts[1], "source"); err != nil {
		return f, err
	}
	if f.Target.Server, err = startServer(ctx, o.Target, o, hosts[2], "target"); err != nil {
		return f, err
	}
	if o.Fill != nil {
		if err := o.Fill(ctx, f.Source.Server); err != nil {
			return f, err
		}
	}
	f.Service, err = StartService(ctx, ServiceOptions{Programs: o.Programs, Dir: filepath.Join(o.Dir, "service"), Host: hosts[0],
		Passwords: f.Source.Server.Passwords, Config: o.ServiceConfig})
	if err != nil {
		return f, err
	}
	doorPort := f.Service.DoorPort
	if o.NoCallbacks {
		if f.door, doorPort, err = deafDoor(f.Service); err != nil {
			return f, err
		}
	}
	source, err := StartAgent(ctx, AgentOptions{Programs: o.agent(o.SourceAgent), Service: f.Service, Server: f.Source.Server, Name: hosts[1],
		Dir: filepath.Join(o.Dir, "source-agent"), DoorPort: doorPort, Config: o.AgentConfig, Path: o.SourcePath})
	if source != nil {
		f.Source = source
	}
	if err != nil {
		return f, err
	}
	target, err := StartAgent(ctx, AgentOptions{Programs: o.agent(o.TargetAgent), Service: f.Service, Server: f.Target.Server, Name: hosts[2],
		Dir: filepath.Join(o.Dir, "target-agent"), DoorPort: doorPort, Config: o.AgentConfig, BackupDir: o.TargetBackupDir, Path: o.TargetPath,
		Bind: o.TargetBind, Between: o.TargetBetween})
	if target != nil {
		f.Target = target
	}
	return f, err
}

// agent are the programs with another agent.
func (o *Options) agent(program string) Programs {
	return Programs{Seed: o.Programs.Seed, Agent: cmp.Or(program, o.Programs.Agent)}
}

func startServer(ctx context.Context, o sandbox.Options, all Options, host, name string) (*sandbox.Server, error) {
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return nil, err
	}
	o.Kind, o.Host, o.Dir = all.Kind, addresses[0], cmp.Or(o.Dir, filepath.Join(all.Dir, name+"-db"))
	return sandbox.Start(ctx, o)
}

// Close ends everything that Start started.
func (f *Fleet) Close() error {
	var errs []error
	for _, a := range []*Agent{f.Target, f.Source} {
		if a != nil && a.Process != nil {
			errs = append(errs, a.Stop())
		}
	}
	if f.door != nil {
		errs = append(errs, f.door.Close())
	}
	if f.Service != nil {
		f.Service.Client.Close()
		errs = append(errs, f.Service.Stop())
	}
	for _, a := range []*Agent{f.Target, f.Source} {
		if a != nil && a.Server != nil {
			errs = append(errs, a.Server.Close())
		}
	}
	f.release()
	return errors.Join(errs...)
}

// Seed starts a seed of the target from the source.
func (f *Fleet) Seed(ctx context.Context, method agentapi.Method) (int64, error) {
	id, _, err := client.StartSeed(method, f.Target.Host, f.Source.Host).Fetch(ctx, f.Service.Client)
	return id, err
}

// Details is the seed now.
func (f *Fleet) Details(ctx context.Context, id int64) (seedapi.Seed, error) {
	s, _, err := client.SeedDetails(id).Fetch(ctx, f.Service.Client)
	return s, err
}

// States is the seed's history, oldest first.
func (f *Fleet) States(ctx context.Context, id int64) ([]seedapi.SeedStageState, error) {
	newest, _, err := client.SeedStates(id).Fetch(ctx, f.Service.Client)
	states := make([]seedapi.SeedStageState, 0, len(newest))
	for i := len(newest) - 1; i >= 0; i-- {
		states = append(states, newest[i])
	}
	return states, err
}

// WaitFor waits until the seed is as wanted; a service that can't be asked for a while is no error.
func (f *Fleet) WaitFor(ctx context.Context, id int64, most time.Duration, what string, wanted func(seedapi.Seed) bool) (seedapi.Seed, error) {
	var last seedapi.Seed
	err := wait(ctx, most, func() error {
		s, err := f.Details(ctx, id)
		if err != nil {
			return err
		}
		last = s
		if wanted(s) {
			return nil
		}
		err = fmt.Errorf("seed %d is at %s/%s (%s), not %s", id, s.Stage, s.Status, s.ErrorText, what)
		if s.Status == agentapi.Completed || s.Status == agentapi.Failed && !wanted(s) && what != "Failed" {
			return final{err}
		}
		return err
	})
	return last, err
}

// WaitEnd waits until the seed has ended, one way or the other.
func (f *Fleet) WaitEnd(ctx context.Context, id int64, most time.Duration) (seedapi.Seed, error) {
	return f.WaitFor(ctx, id, most, "ended", func(s seedapi.Seed) bool { return !client.Live(s) })
}

// WaitStage waits until the seed is at that stage and status.
func (f *Fleet) WaitStage(ctx context.Context, id int64, stage agentapi.Stage, status agentapi.Status, most time.Duration) error {
	_, err := f.WaitFor(ctx, id, most, string(stage)+"/"+string(status), func(s seedapi.Seed) bool { return s.Stage == stage && s.Status == status })
	return err
}

// Story is everything that a person would look at after a failure.
func (f *Fleet) Story(ctx context.Context, id int64) string {
	var b strings.Builder
	states, err := f.States(ctx, id)
	if err != nil {
		fmt.Fprintln(&b, "states:", err)
	}
	for _, s := range states {
		fmt.Fprintf(&b, "%s %-12s %-15s %-9s %s\n", s.Timestamp.Format("15:04:05.000"), s.Stage, s.Hostname, s.Status, s.Details)
	}
	for name, p := range map[string]*Process{"service": f.Service.Process, "source agent": f.Source.Process, "target agent": f.Target.Process} {
		if p != nil {
			fmt.Fprintf(&b, "--- %s\n%s\n", name, p.LogTail(25))
		}
	}
	return b.String()
}
