package preflight

import (
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentclient/agentfake"
	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
)

// backend is a store and a topology from literals.
type backend struct {
	agent.Topology
	hosts    map[string]*agent.Host
	seeds    []*agent.Seed
	mysql    map[string]*inst.Instance
	err      error // of the store
	seedsErr error
	pastErr  error
	slow     time.Duration // each answer of MySQL
	nameless bool          // the credentials have no user
}

func (b *backend) Host(_ context.Context, name string) (*agent.Host, error) {
	if b.err != nil {
		return nil, b.err
	}
	if h := b.hosts[name]; h != nil {
		return h, nil
	}
	return nil, agent.ErrNotFound
}

func (b *backend) WorkSeeds(context.Context) ([]*agent.Seed, error) { return b.seeds, b.seedsErr }

func (b *backend) Seeds(context.Context, agent.SeedFilter) ([]*agent.Seed, error) {
	return nil, b.pastErr
}

func (b *backend) ReadInstance(ctx context.Context, a inst.Address) (*inst.Instance, error) {
	select {
	case <-time.After(b.slow):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if in := b.mysql[a.String()]; in != nil {
		in.Now = time.Now()
		return in, nil
	}
	return nil, errGone
}

func (b *backend) ReplicationCredentials(context.Context, inst.Address) (string, string, error) {
	if b.nameless {
		return "", "secret", nil
	}
	return "repl", "secret", nil
}

// world is a source and a target that pass, and the checks on them.
type world struct {
	*backend
	source, target *agentfake.Agent
	checks         *Checks
}

func newWorld(t *testing.T, v2 bool) *world {
	good := goodFacts(agentapi.Mysqldump)
	w := &world{
		source: agentfake.New(agentfake.Options{Hostname: "src1", V2: v2}),
		target: agentfake.New(agentfake.Options{Hostname: "tgt1", V2: v2}),
	}
	t.Cleanup(w.source.Close)
	t.Cleanup(w.target.Close)
	for _, a := range []*agentfake.Agent{w.source, w.target} {
		a.Change(func(d *agentapi.Data) {
			d.MySQLDatadirDiskFree++ // another disk than the backup directory's
			if !v2 {
				d.MySQLUser, d.Clock = "agent", time.Now()
			}
		})
	}
	good.source.mysql.Schemas = map[string]int64{"shop": 39911424}
	w.backend = &backend{
		hosts: map[string]*agent.Host{"src1": w.source.Host(), "tgt1": w.target.Host()},
		mysql: map[string]*inst.Instance{"src1:3306": good.source.mysql, "tgt1:3306": good.target.mysql},
	}
	w.checks = New(Options{Store: w.backend, Topology: w.backend,
		Client: agentfake.NewClient(agentclient.Options{}, w.source, w.target)})
	return w
}

func (w *world) run(t *testing.T, method agent.Method) map[string]agent.Check {
	t.Helper()
	checks, err := w.checks.Run(t.Context(), method, "tgt1", "src1")
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]agent.Check{}
	for _, c := range checks {
		by[c.Name] = c
	}
	return by
}

func TestTwoHostsOfOursPassAndTheLoginIsTriedFromTheTarget(t *testing.T) {
	w := newWorld(t, false)
	for _, c := range w.run(t, agentapi.Mysqldump) {
		if c.Result != agent.Pass {
			t.Errorf("%+v", c)
		}
	}
	calls := w.target.Calls("probe-mysql")
	if len(calls) != 1 || !strings.Contains(string(calls[0].Body), `"Host":"src1"`) || !strings.Contains(string(calls[0].Body), `"User":"repl"`) {
		t.Errorf("the login was tried so: %v", calls)
	}
	if w.source.Count("probe-listen")+w.target.Count("probe-listen") != 0 {
		t.Error("a dump needs no data port")
	}
}

func TestCredentialsWithoutANameAreNoneAndNoOtherAccountIsTried(t *testing.T) {
	w := newWorld(t, false)
	w.nameless = true
	if c := w.run(t, agentapi.Mysqldump)["replication-credentials"]; c.Result != agent.Fail || w.target.Count("probe-mysql") != 0 {
		t.Errorf("%+v after %v", c, w.target.Paths())
	}
}

func TestTheDataPortIsTriedForMethodsThatStreamToTheTarget(t *testing.T) {
	w := newWorld(t, false)
	if c := w.run(t, agentapi.Xtrabackup)["data-port"]; c.Result != agent.Pass {
		t.Errorf("%+v", c)
	}
	if w.target.Count("probe-listen") != 1 || w.source.Count("probe-connect") != 1 {
		t.Errorf("called %v and %v", w.target.Paths(), w.source.Paths())
	}
	w.source.SetProbes(agentapi.ProbeResult{OK: true}, agentapi.ProbeResult{Error: "no route to host"})
	if c := w.run(t, agentapi.Xtrabackup)["data-port"]; c.Result != agent.Fail || !strings.Contains(c.Found, "no route to host") {
		t.Errorf("%+v", c)
	}
}

func TestAgentsOfOthersAreWarnedOfAndNeverProbed(t *testing.T) {
	w := newWorld(t, true)
	by := w.run(t, agentapi.Xtrabackup)
	for _, name := range []string{"tool-version", "replication-credentials", "accounts-on-source", "data-port", "data-fits"} {
		if by[name].Result != agent.Warn {
			t.Errorf("%+v", by[name])
		}
	}
	for name, c := range by {
		if c.Result == agent.Fail {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if n := w.target.Count("probe-mysql") + w.target.Count("probe-listen"); n != 0 {
		t.Errorf("probed %d times", n)
	}
	if by["clocks"].Result != agent.Pass {
		t.Errorf("MySQL knows the time too: %+v", by["clocks"])
	}
}

func TestADatabaseThatCanNotBeReadRefuses(t *testing.T) {
	down := errors.New("database is away")
	for _, b := range []func(w *world){func(w *world) { w.err = down }, func(w *world) { w.seedsErr = down },
		func(w *world) { w.pastErr = down }} {
		w := newWorld(t, false)
		b(w)
		if checks, err := w.checks.Run(t.Context(), agentapi.Mysqldump, "tgt1", "src1"); !errors.Is(err, down) || checks != nil {
			t.Errorf("got %v, %v", checks, err)
		}
	}
}

func TestHostsThatNobodyKnowsFailAndAskNobody(t *testing.T) {
	w := newWorld(t, false)
	checks, err := w.checks.Run(t.Context(), agentapi.Mysqldump, "nohost", "nosource")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if c.Name == "agents-known" && (c.Result != agent.Fail || !strings.Contains(c.Found, "nohost and nosource")) {
			t.Errorf("%+v", c)
		}
	}
	if n := w.source.Count("") + w.target.Count(""); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestSlowAnswersDoNotAddUpAndHungOnesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, false)
		w.slow = 8 * time.Second
		w.source.Break("get-agent-data", agentfake.Delay(8*time.Second))
		w.target.Break("get-agent-data", agentfake.Delay(8*time.Second))
		began := time.Now()
		if c := w.run(t, agentapi.Mysqldump)["agents-answer"]; c.Result != agent.Pass {
			t.Errorf("%+v", c)
		}
		if took := time.Since(began); took != 8*time.Second {
			t.Errorf("it took %v", took)
		}
		w.source.Break("", agentfake.Hang())
		w.target.Break("", agentfake.Hang())
		began = time.Now()
		if c := w.run(t, agentapi.Mysqldump)["agents-answer"]; c.Result != agent.Fail {
			t.Errorf("%+v", c)
		}
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAGivenUpRunIsAnError(t *testing.T) {
	w := newWorld(t, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if checks, err := w.checks.Run(ctx, agentapi.Mysqldump, "tgt1", "src1"); !errors.Is(err, context.Canceled) || checks != nil {
		t.Errorf("got %v, %v", checks, err)
	}
}

var update = flag.Bool("update", false, "write the table into docs/checks.md")

func TestThePageOfChecksIsTheTable(t *testing.T) {
	const path = "../../../docs/checks.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(page), "| check |")
	want := head + Document()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(page) != want {
		t.Error("docs/checks.md does not end with the table; write it with: go test ./go/agent/preflight -run ThePage -update")
	}
}
