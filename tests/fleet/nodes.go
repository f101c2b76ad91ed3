package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// Nodes are several services on one backend, and a full and an empty server with their agents. The first fleet's Service is
// the last of them; its agents call it.
type Nodes struct {
	*Fleet
	All []*Service
}

// NodesOptions say how many there are, and on what.
type NodesOptions struct {
	Options
	Count int // of services
	// Backend are the keys of the services' configuration that name the database, which must be there and may be empty.
	Backend map[string]any
}

// StartNodes starts the services all at once, and everything else; on error nothing of it is left running.
func StartNodes(ctx context.Context, o NodesOptions) (n *Nodes, err error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	hosts, release, err := sandbox.LoopbackHosts(o.Count + 2)
	if err != nil {
		return nil, err
	}
	n = &Nodes{Fleet: &Fleet{Dir: o.Dir, release: release, Source: &Agent{}, Target: &Agent{}}, All: make([]*Service, o.Count)}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
			n = nil
		}
	}()
	servers := []**sandbox.Server{&n.Source.Server, &n.Target.Server}
	for i, name := range []string{"source", "target"} {
		side := []sandbox.Options{o.Source, o.Target}[i]
		if *servers[i], err = startServer(ctx, side, o.Options, hosts[o.Count+i], name); err != nil {
			return n, err
		}
	}
	if o.Fill != nil {
		if err := o.Fill(ctx, n.Source.Server); err != nil {
			return n, err
		}
	}
	if err := n.startServices(ctx, o, hosts); err != nil {
		return n, err
	}
	n.Service = n.All[o.Count-1]
	for i, a := range []**Agent{&n.Source, &n.Target} {
		agent, err := StartAgent(ctx, AgentOptions{Programs: o.Programs, Service: n.Service, Server: *servers[i],
			Dir: filepath.Join(o.Dir, []string{"source-agent", "target-agent"}[i]), Config: o.AgentConfig})
		if agent != nil {
			*a = agent
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (n *Nodes) startServices(ctx context.Context, o NodesOptions, hosts []string) error {
	errs := make([]error, o.Count)
	var wg sync.WaitGroup
	for i := range n.All {
		config := map[string]any{}
		for _, keys := range []map[string]any{o.Backend, o.ServiceConfig} {
			for key, value := range keys {
				config[key] = value
			}
		}
		wg.Go(func() {
			n.All[i], errs[i] = StartService(ctx, ServiceOptions{Programs: o.Programs, Dir: filepath.Join(o.Dir, fmt.Sprintf("node%d", i+1)),
				Host: hosts[i], Passwords: n.Source.Server.Passwords, Config: config, Follows: true})
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Leader is the node that leads; it waits for one.
func (n *Nodes) Leader(ctx context.Context) (leader *Service, err error) {
	err = wait(ctx, 60*time.Second, func() error {
		for _, s := range n.All {
			if s.Pid() == 0 {
				continue
			}
			asked, cancel := context.WithTimeout(ctx, 2*time.Second) // one may be stopped
			_, _, err := client.LeaderCheck().Fetch(asked, s.Client)
			cancel()
			if err == nil {
				leader = s
				return nil
			}
		}
		return errors.New("no node leads")
	})
	return leader, err
}

// Followers are the nodes that do not lead, and run.
func (n *Nodes) Followers(ctx context.Context) ([]*Service, error) {
	leader, err := n.Leader(ctx)
	var all []*Service
	for _, s := range n.All {
		if s != leader && s.Pid() != 0 {
			all = append(all, s)
		}
	}
	return all, err
}

// Close ends everything that StartNodes started.
func (n *Nodes) Close() error {
	var errs []error
	for _, a := range []*Agent{n.Target, n.Source} {
		if a.Process != nil {
			errs = append(errs, a.Stop())
		}
	}
	for _, s := range n.All {
		if s != nil {
			s.Client.Close()
			errs = append(errs, s.Stop())
		}
	}
	for _, a := range []*Agent{n.Target, n.Source} {
		if a.Server != nil {
			errs = append(errs, a.Server.Close())
		}
	}
	n.release()
	return errors.Join(errs...)
}
