package faults

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// patience is how long a case waits for what must come, and lasting how long it may take. Where thousands of tables are made,
// copied and compared, these alone take minutes on a machine that has other work.
const (
	patience     = 100 * time.Second
	lasting      = 5 * time.Minute
	slowPatience = 6 * time.Minute
	slowLasting  = 15 * time.Minute
)

// world is the fleet of one case with what was there before the seed.
type world struct {
	t      *testing.T
	ctx    context.Context
	f      *fleet.Fleet
	kit    *kit
	method agentapi.Method
	dump   *standIn
	tool   map[string]*standIn // the case's other stand-ins, by side and program
	post   *gateFile           // of the post-seed command; nil without one

	id       int64
	ended    seedapi.Seed // as the case left it
	patience time.Duration
	stands   bool // the service takes a step only when it is told to

	source     sourceState
	targetRows map[string]string // checksums of the target's tables before the seed
	targetVars map[string]string // its global variables
	targetNow  string            // in words, for the table
	notes      []string
	others     []*fleet.Agent // besides the fleet's two
	pools      map[*sandbox.Server]*sql.DB
	backend    *sandbox.Server // of the service; nil: SQLite
	sqliteFile string
	disk       string   // a small disk that is mounted there
	between    *between // what stands between the agents; nil in most cases
	mounted    []string // mount points of the fleet before the seed
}

// newWorld starts a fleet with data of every kind on the source and old data on the target.
func newWorld(ctx context.Context, t *testing.T, c faultCase) *world {
	w := &world{t: t, ctx: ctx, kit: c.kit, method: c.method, pools: map[*sandbox.Server]*sql.DB{}, tool: map[string]*standIn{}, patience: patience}
	if c.slow {
		w.patience = slowPatience
	}
	dir := tempDir(t)
	o := fleet.Options{
		Programs: programs, Dir: filepath.Join(dir, "fleet"), Kind: c.kind,
		ServiceConfig: map[string]any{"SeedProcessIntervalSeconds": 1, "MaxRetriesForSeedStage": 2, "AgentHttpTimeoutSeconds": 5},
		AgentConfig:   map[string]map[string]any{sections[c.method]: {"enabled": true}},
	}
	// Also empty ones: their names in PATH tell the agents' programs from those of other cases.
	o.SourcePath, o.TargetPath = filepath.Join(dir, "stand-in-source"), filepath.Join(dir, "stand-in")
	if c.dump != "" {
		w.dump = newStandIn(t, c.kind, o.TargetPath, "mariadb-dump", c.dump)
	}
	for side, programs := range c.tools {
		path := o.TargetPath
		if side == agentapi.Source {
			path = o.SourcePath
		}
		for program, text := range programs {
			w.tool[string(side)+program] = newStandIn(t, c.kind, path, program, text)
		}
	}
	and(c.kit.filled(sandbox.FillOptions{}), c.kit.fleet, c.fleet)(&o)
	if c.kit.setUp != nil {
		c.kit.setUp(w, &o)
	}
	if c.disk != nil {
		w.mount(c.disk(&o))
	}
	if c.between {
		w.standBetween(&o)
	}
	if c.beforeMySQL {
		w.standBeforeMySQL(&o)
	}
	if c.backend {
		w.startBackend(&o)
	}
	if c.skewed != "" {
		w.skew(&o, c.skewed)
	}
	w.sqliteFile = filepath.Join(o.Dir, "service", "seed.sqlite3")
	if file, ok := o.ServiceConfig["SQLite3DataFile"].(string); ok {
		w.sqliteFile = file
	}
	w.stands = o.ServiceConfig["SeedEventDriven"] == false
	var err error
	if w.f, err = fleet.Start(ctx, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(w.f.Story(context.WithoutCancel(ctx), w.id))
		}
		if w.disk == w.f.Target.Server.Dir {
			w.must(w.f.Target.Server.Kill())
			w.unmount()
		}
		if err := w.f.Close(); err != nil {
			t.Error(err)
		}
	})
	w.mounted, err = w.mounts()
	w.must(err)
	fillOld(w, w.f.Target.Server)
	w.source = w.readSource()
	w.readTarget()
	return w
}

// readTarget keeps what the target is before the seed.
func (w *world) readTarget() {
	w.t.Helper()
	w.targetRows, w.targetVars = w.checksums(w.f.Target.Server), w.variables(w.f.Target.Server)
}

// fillOld puts data on the target that is to be lost, or to be kept.
func fillOld(w *world, s *sandbox.Server) {
	w.exec(s, "CREATE DATABASE olddata", "CREATE TABLE olddata.t (id INT PRIMARY KEY, v VARCHAR(100)) ENGINE=InnoDB",
		"INSERT INTO olddata.t SELECT 25 * a.n + b.n, REPEAT(CHAR(65 + b.n), 50) FROM "+numbers(0, 20, "a")+", "+numbers(1, 26, "b"),
		"CREATE TABLE olddata.m (id INT) ENGINE=MyISAM", "INSERT INTO olddata.m VALUES (1), (2), (3)",
		"CREATE USER keeper@'%' IDENTIFIED BY 'kept'", "GRANT SELECT ON olddata.* TO keeper@'%'")
}

// numbers is a table, named as given, with a column n that counts from from to before to.
func numbers(from, to int, as string) string {
	rows := make([]string, 0, to-from)
	for n := from; n < to; n++ {
		rows = append(rows, fmt.Sprintf("SELECT %d AS n", n))
	}
	return "(" + strings.Join(rows, " UNION ALL ") + ") " + as
}

// must ends the case.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// standIn is a stand-in of the case.
func (w *world) standIn(side agentapi.Side, program string) *standIn {
	return w.tool[string(side)+program]
}

func (w *world) note(format string, args ...any) {
	w.notes = append(w.notes, strings.TrimSpace(fmt.Sprintf(format, args...)))
}

func (w *world) exec(s *sandbox.Server, statements ...string) {
	w.t.Helper()
	db := w.db(s)
	for _, statement := range statements {
		if _, err := db.ExecContext(w.ctx, statement); err != nil {
			w.t.Fatalf("%s on %s: %v", statement, s.Address(), err)
		}
	}
}

// db is the pool of connections to a server that all of a case shares.
func (w *world) db(s *sandbox.Server) *sql.DB {
	if w.pools[s] == nil {
		w.pools[s] = s.Open("")
	}
	return w.pools[s]
}

// text is the answer of a query with one value.
func (w *world) text(s *sandbox.Server, query string, args ...any) string {
	w.t.Helper()
	var v []byte
	if err := w.db(s).QueryRowContext(w.ctx, query, args...).Scan(&v); err != nil {
		w.t.Fatalf("%s on %s: %v", query, s.Address(), err)
	}
	return string(v)
}

// until waits for a condition.
func (w *world) until(f func() error) {
	w.t.Helper()
	w.must(fleet.Until(w.ctx, w.patience, f))
}

// start starts the seed. An agent on a busy machine may not tell within a call's time what it has; it is asked again.
func (w *world) start() {
	w.t.Helper()
	w.until(func() (err error) {
		w.id, err = w.f.Seed(w.ctx, w.method)
		if err != nil && !strings.Contains(err.Error(), "came within the call's time") && !strings.Contains(err.Error(), "does not offer") {
			w.t.Fatal(err)
		}
		return err
	})
}

func (w *world) details() seedapi.Seed {
	w.t.Helper()
	s, err := w.f.Details(w.ctx, w.id)
	w.must(err)
	return s
}

// at waits until the seed stands at that stage and status.
func (w *world) at(stage agentapi.Stage, status agentapi.Status) seedapi.Seed {
	w.t.Helper()
	var last seedapi.Seed
	w.until(func() (err error) {
		if last, err = w.f.Details(w.ctx, w.id); err != nil {
			return err
		}
		if last.Stage == stage && last.Status == status {
			return nil
		}
		return fmt.Errorf("seed %d is at %s/%s (%s), not at %s/%s", w.id, last.Stage, last.Status, last.ErrorText, stage, status)
	})
	return last
}

// end waits until the seed has ended and keeps how.
func (w *world) end() {
	w.t.Helper()
	w.until(func() (err error) {
		if w.ended, err = w.f.Details(w.ctx, w.id); err != nil {
			return err
		}
		if client.Live(w.ended) {
			return fmt.Errorf("seed %d is at %s/%s: %s", w.id, w.ended.Stage, w.ended.Status, w.ended.ErrorText)
		}
		return nil
	})
}

// step has the service run one cycle.
func (w *world) step() {
	w.t.Helper()
	_, _, err := client.ProcessSeeds().Fetch(w.ctx, w.f.Service.Client)
	w.must(err)
}

// stepTo steps until the seed stands there.
func (w *world) stepTo(stage agentapi.Stage, status agentapi.Status) {
	w.t.Helper()
	w.until(func() error {
		s := w.details()
		if s.Stage == stage && s.Status == status {
			return nil
		}
		if !client.Live(s) || slices.Index(seedStages, s.Stage) > slices.Index(seedStages, stage) {
			w.t.Fatalf("seed is at %s/%s (%s), past %s/%s", s.Stage, s.Status, s.ErrorText, stage, status)
		}
		w.step()
		return fmt.Errorf("at %s/%s", s.Stage, s.Status)
	})
}

// stepToEnd steps until the seed has ended.
func (w *world) stepToEnd() {
	w.t.Helper()
	w.until(func() error {
		if s := w.details(); client.Live(s) {
			w.step()
			return fmt.Errorf("at %s/%s: %s", s.Stage, s.Status, s.ErrorText)
		}
		return nil
	})
	w.end()
}

func (w *world) abort(force bool) error {
	_, _, err := client.AbortSeed(w.id, force).Fetch(w.ctx, w.f.Service.Client)
	return err
}

// standing is a service that takes a step only when it is told to.
func standing(o *fleet.Options) {
	o.ServiceConfig["SeedEventDriven"] = false
	o.ServiceConfig["SeedProcessIntervalSeconds"] = 3600
}

// agent is the agent of a side.
func (w *world) agent(side agentapi.Side) *fleet.Agent {
	if side == agentapi.Source {
		return w.f.Source
	}
	return w.f.Target
}

// restart starts an agent again after it was killed.
func (w *world) restart(side agentapi.Side) {
	w.t.Helper()
	a := w.agent(side)
	w.must(a.Start())
	w.must(a.Registered(w.ctx))
}
