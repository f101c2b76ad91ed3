package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// world is the service and the pairs.
type world struct {
	seed    uint64
	dir     string
	fleet   *fleet.Fleet // the service and the first pair
	service *fleet.Service
	pairs   []*pair
	close   []func() error

	// up is held by those who need the service for a look: it is not ended meanwhile.
	up sync.RWMutex

	mu     sync.Mutex
	table  []line
	blows  int // to the service
	failed bool
}

// pair is two servers with their agents, of which one is seeded from the other.
type pair struct {
	name   string
	kind   sandbox.Kind
	source *fleet.Agent
	target *fleet.Agent
	load   *sandbox.Load
}

func (p *pair) agent(side agentapi.Side) *fleet.Agent {
	if side == agentapi.Source {
		return p.source
	}
	return p.target
}

var agentConfig = map[string]map[string]any{
	"mysqldump": {"enabled": true}, "mydumper": {"enabled": true}, "xtrabackup": {"enabled": true},
}

var cloneConfig = map[string]map[string]any{
	"mysqldump": {"enabled": true}, "clone_plugin": {"enabled": true, "install-plugin": true},
}

// notCarried takes out of MariaDB's data what Mydumper 0.10 can't carry and refuses.
var notCarried = []string{"DROP DATABASE `odd ``name``, \"it's\" a.b;-/c`", "ALTER TABLE types.generated DROP COLUMN uid, DROP COLUMN addr"}

// newWorld starts everything.
func newWorld(ctx context.Context, seed uint64, dir, built string, kinds []sandbox.Kind) (w *world, err error) {
	w = &world{seed: seed, dir: dir}
	defer func() {
		if err != nil {
			_ = w.end() // the first error is the one that tells
		}
	}()
	programs, err := fleet.In(ctx, built, filepath.Join(dir, "bin"))
	if err != nil {
		return w, err
	}
	fill := func(ctx context.Context, s *sandbox.Server) error {
		db := s.Open("")
		defer db.Close()
		err := sandbox.Fill(ctx, db, sandbox.FillOptions{InnoDBOnly: true, Bytes: 8 << 20, Logged: true})
		if s.Kind != sandbox.MariaDB {
			return err
		}
		for _, statement := range notCarried {
			_, e := db.ExecContext(ctx, statement)
			err = errors.Join(err, e)
		}
		return err
	}
	w.fleet, err = fleet.Start(ctx, fleet.Options{Programs: programs, Dir: filepath.Join(dir, "first"), Kind: kinds[0], Fill: fill, AgentConfig: configOf(kinds[0]),
		ServiceConfig: map[string]any{"SeedProcessIntervalSeconds": 1, "MaxRetriesForSeedStage": 4, "AgentHttpTimeoutSeconds": 5,
			"SeedAgentUnreachableFailMinutes": 1, "SeedBackupStaleFailMinutes": 2}})
	if err != nil {
		return w, err
	}
	w.close = append(w.close, w.fleet.Close)
	w.service = w.fleet.Service
	w.pairs = []*pair{{name: string(kinds[0]) + "1", kind: kinds[0], source: w.fleet.Source, target: w.fleet.Target}}
	for i, kind := range kinds[1:] {
		p, err := w.newPair(ctx, programs, fmt.Sprintf("%s%d", kind, i+2), kind, fill)
		if err != nil {
			return w, err
		}
		w.pairs = append(w.pairs, p)
	}
	for _, p := range w.pairs {
		if err := w.prepare(ctx, p); err != nil {
			return w, err
		}
	}
	return w, nil
}

func configOf(kind sandbox.Kind) map[string]map[string]any {
	if kind == sandbox.MySQL97 {
		return cloneConfig
	}
	return agentConfig
}

// newPair starts two more servers and their agents.
func (w *world) newPair(ctx context.Context, programs fleet.Programs, name string, kind sandbox.Kind, fill func(context.Context, *sandbox.Server) error) (*pair, error) {
	hosts, release, err := sandbox.LoopbackHosts(2)
	if err != nil {
		return nil, err
	}
	w.close = append(w.close, func() error { release(); return nil })
	p := &pair{name: name, kind: kind}
	for i, side := range []agentapi.Side{agentapi.Source, agentapi.Target} {
		dir := filepath.Join(w.dir, name+"-"+string(side))
		s, err := sandbox.Start(ctx, sandbox.Options{Kind: kind, Host: hosts[i], Dir: dir + "-db"})
		if err != nil {
			return nil, err
		}
		w.close = append(w.close, s.Close)
		if side == agentapi.Source {
			if err := fill(ctx, s); err != nil {
				return nil, err
			}
		}
		a, err := fleet.StartAgent(ctx, fleet.AgentOptions{Programs: programs, Service: w.service, Server: s, Name: hosts[i], Dir: dir + "-agent", Config: configOf(kind)})
		if a != nil && a.Process != nil {
			w.close = append(w.close, a.Stop)
		}
		if err != nil {
			return nil, err
		}
		if side == agentapi.Source {
			p.source = a
		} else {
			p.target = a
		}
	}
	return p, nil
}

// prepare gives the target old data and the source somebody who writes.
func (w *world) prepare(ctx context.Context, p *pair) error {
	db := p.target.Server.Open("")
	defer db.Close()
	for _, statement := range []string{"CREATE DATABASE olddata", "CREATE TABLE olddata.t (id INT PRIMARY KEY, v VARCHAR(100)) ENGINE=InnoDB",
		"INSERT INTO olddata.t VALUES (1, 'a'), (2, 'b'), (3, 'c')"} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return p.write(ctx)
}

// write begins to write on the source.
func (p *pair) write(ctx context.Context) (err error) {
	db := p.source.Server.Open("")
	p.load, err = sandbox.WriteLoad(ctx, db, sandbox.LoadOptions{Rate: 30, Endure: true})
	return err
}

// end ends what newWorld started, the last first.
func (w *world) end() error {
	for _, p := range w.pairs {
		if p.load != nil {
			_, _ = p.load.Stop() // a load that endures has errors
		}
	}
	var first error
	for i := len(w.close) - 1; i >= 0; i-- {
		if err := w.close[i](); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// tell prints what happens, with the time.
func (w *world) tell(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05.0")+"  "+format+"\n", args...)
}
