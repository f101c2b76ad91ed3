package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/app"
	"github.com/orchestrator-seed/orchestrator-seed/go/config"
	"github.com/orchestrator-seed/orchestrator-seed/go/store"
)

// runService is the role of the service: its configuration file is the argument; it says where it listens.
func runService(ctx context.Context, args []string) error {
	app.SaveMemory() // as the program does
	c, _, err := config.Load(args[0])
	if err != nil {
		return err
	}
	a, err := app.New(ctx, app.Options{Config: *c, Version: "bench"})
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Stop(ctx))
	}
	fmt.Println(a.Addr(), a.AgentsAddr())
	err = untilEOF(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, a.Stop(ctx))
}

// service measures the whole service with its default scheduler.
func (b bench) service(ctx context.Context, be *backend) error {
	f, err := startFleet(ctx, b.agents)
	if err != nil {
		return err
	}
	defer f.stop()
	s, o, err := be.filled(ctx, world{agents: b.agents, seeds: b.seeds, port: f.port, method: agentapi.Xtrabackup})
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	file, err := b.configure(o)
	if err != nil {
		return err
	}
	c, err := startChild(ctx, "service", file)
	if err != nil {
		return err
	}
	defer c.stop()
	people, door, _ := strings.Cut(c.said, " ")
	fmt.Printf("\nThe service on %s: %d active seeds, %d agents, each polled every minute\n\n", be.name, b.seeds, b.agents)
	return b.load(ctx, be, f, &serving{process: c, people: "http://" + people, door: "http://" + door})
}

func (b bench) configure(o store.Options) (string, error) {
	values := map[string]any{"ListenAddress": "127.0.0.1:0", "AgentsServerPort": "127.0.0.1:0", "AgentPollMinutes": 1,
		"MySQLTopologyUser": "nobody", "MySQLTopologyPassword": "none", "MySQLConnectTimeoutSeconds": 1, "BackendDB": o.Dialect}
	if o.Dialect == "mysql" {
		values["MySQLOrchestratorHost"], values["MySQLOrchestratorPort"] = o.MySQL.Host, o.MySQL.Port
		values["MySQLOrchestratorDatabase"] = o.MySQL.Database
		values["MySQLOrchestratorUser"], values["MySQLOrchestratorPassword"] = o.MySQL.User, o.MySQL.Password
	} else {
		values["SQLite3DataFile"] = o.Path
	}
	raw, err := json.Marshal(values)
	if err != nil {
		return "", err
	}
	file := filepath.Join(b.dir, "service.json")
	return file, os.WriteFile(file, raw, 0o600)
}

// serving is the service under load.
type serving struct {
	process      *child
	people, door string
	peak         atomic.Int64 // bytes of memory
}

// load lets the service alone for a while, then has clients call and all agents register anew, and prints what was seen.
func (b bench) load(ctx context.Context, be *backend, f *fleet, s *serving) error {
	quiet := time.Duration(min(b.seconds, 20)) * time.Second
	s.watch(ctx, quiet)
	if _, err := f.take(ctx); err != nil {
		return err
	}
	before, err := be.statements(ctx)
	if err != nil {
		return err
	}
	s.watch(ctx, quiet)
	calm := s.peak.Load()
	after, err := be.statements(ctx)
	if err != nil {
		return err
	}
	seen, err := f.take(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(b.seconds)*time.Second)
	defer cancel()
	var registered registrations
	var tasks sync.WaitGroup
	tasks.Go(func() { b.registerAll(ctx, s, f.port, &registered) })
	tasks.Go(func() { s.watch(ctx, time.Duration(b.seconds)*time.Second) })
	answers := b.call(ctx, s)
	tasks.Wait()
	if be.server != nil {
		fmt.Printf("SQL statements a second: %.0f\n", float64(after-before)/quiet.Seconds())
	}
	fmt.Printf("calls to agents a second: %.0f\nmemory, seeds and polls alone: %s\nmemory, longest peak under load: %s\n",
		float64(seen.Calls)/quiet.Seconds(), mib(calm), mib(s.peak.Load()))
	fmt.Printf("registrations: %d of %d agents within %d s, %d refused, 99 %% within %s, longest %s\n\n", registered.done(), b.agents, b.seconds,
		registered.failed.Load(), ms(registered.at(0.99)), ms(registered.at(1)))
	return answers.print()
}

// watch notes the highest memory for that long.
func (s *serving) watch(ctx context.Context, d time.Duration) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.peak.Store(max(s.peak.Load(), rss(s.process.cmd.Process.Pid)))
		}
	}
}

// registrations are how long those took that were taken.
type registrations struct {
	mu     sync.Mutex
	took   []time.Duration
	failed atomic.Int64
}

func (r *registrations) done() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.took)
}

func (r *registrations) at(q float64) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.took) == 0 {
		return 0
	}
	slices.Sort(r.took)
	return r.took[min(int(q*float64(len(r.took))), len(r.took)-1)]
}

// registerAll has every agent register once, spread over nine tenths of the time.
func (b bench) registerAll(ctx context.Context, s *serving, port int, r *registrations) {
	caller := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer caller.CloseIdleConnections()
	tick := time.NewTicker(time.Duration(b.seconds) * time.Second * 9 / 10 / time.Duration(b.agents))
	defer tick.Stop()
	var calls sync.WaitGroup
	defer calls.Wait()
	for i := range b.agents {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		calls.Go(func() {
			began := time.Now()
			if err := register(ctx, caller, s.door, agentapi.Info{Hostname: agentName(i), Port: port, Token: token, MySQLPort: 3306}); err != nil {
				if ctx.Err() == nil {
					r.failed.Add(1)
				}
				return
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.took = append(r.took, time.Since(began))
		})
	}
}

func register(ctx context.Context, caller *http.Client, door string, info agentapi.Info) error {
	body, err := json.Marshal(info)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, door+"/api/register-agent", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := caller.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

// answers are how long each kind of request took.
type answers struct {
	mu   sync.Mutex
	took map[string][]time.Duration
	bad  map[string]int
	size map[string]int64
}

// requests are what the clients ask for in turn; %d is a number of a seed or an agent.
func (b bench) requests() []string {
	return []string{"status", "seeds?page=0", "seeds?page=%seedpage", "agent-seed-details/%seed", "agent-seed-states/%seed", "agent/%agent",
		"agents?page=0", "agents?page=%agentpage", "agent-recent-seeds/%agent", "agent-active-seeds/%agent"}
}

// pause is how long a client reads what it got: 50 of them ask for some 200 pages a second.
const pause = 250 * time.Millisecond

// call has all clients call until ctx ends.
func (b bench) call(ctx context.Context, s *serving) *answers {
	a := &answers{took: map[string][]time.Duration{}, bad: map[string]int{}, size: map[string]int64{}}
	caller := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: b.clients}}
	defer caller.CloseIdleConnections()
	var clients sync.WaitGroup
	for client := range b.clients {
		clients.Go(func() {
			tick := time.NewTicker(pause)
			defer tick.Stop()
			for i := client; ; i++ {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				kind := b.requests()[i%len(b.requests())]
				a.ask(ctx, caller, s.people, kind, b.path(kind, i*7919))
			}
		})
	}
	clients.Wait()
	return a
}

// path fills in a request with numbers that wander over all seeds and agents.
func (b bench) path(kind string, i int) string {
	return strings.NewReplacer("%seedpage", fmt.Sprint(i%(b.seeds/20+1)), "%seed", fmt.Sprint(i%b.seeds+1),
		"%agentpage", fmt.Sprint(i%(b.agents/20+1)), "%agent", agentName(i%b.agents)).Replace(kind)
}

func (a *answers) ask(ctx context.Context, caller *http.Client, base, kind, path string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/"+path, nil)
	if err != nil {
		return
	}
	began := time.Now()
	resp, err := caller.Do(req)
	var size int64
	if err == nil {
		size, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close() // all of it was read
	}
	took := time.Since(began)
	if ctx.Err() != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil || resp.StatusCode != http.StatusOK {
		a.bad[kind]++
		return
	}
	a.took[kind], a.size[kind] = append(a.took[kind], took), size
}

func (a *answers) print() error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "request\tanswers\tbytes\tmedian\t99 %\tlongest\tfailed\t")
	var all []time.Duration
	row := func(name string, took []time.Duration, size int64, bad int) {
		slices.Sort(took)
		at := func(q float64) string {
			if len(took) == 0 {
				return "-"
			}
			return fmt.Sprintf("%.1f ms", took[min(int(q*float64(len(took))), len(took)-1)].Seconds()*1000)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%s\t%d\t\n", name, len(took), size, at(0.5), at(0.99), at(1), bad)
	}
	failed := 0
	for _, kind := range (bench{}).requests() {
		row(kind, a.took[kind], a.size[kind], a.bad[kind])
		all, failed = append(all, a.took[kind]...), failed+a.bad[kind]
	}
	row("all", all, 0, failed)
	return w.Flush()
}
