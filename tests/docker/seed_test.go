package docker

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// wanted is an image of -images, and the methods to seed it by: all that its agents offer if none are named.
type wanted struct {
	image   string
	methods []agentapi.Method
}

func images(t *testing.T) []wanted {
	t.Helper()
	var all []wanted
	for _, word := range strings.Fields(*imagesFlag) {
		image, list, named := strings.Cut(word, "=")
		w := wanted{image: image}
		for name := range strings.SplitSeq(list, ",") {
			if !named {
				break
			}
			m := agentapi.Method(name)
			if !slices.Contains(agentapi.Methods, m) {
				t.Fatalf("unknown method %q: known are %v", name, agentapi.Methods)
			}
			w.methods = append(w.methods, m)
		}
		all = append(all, w)
	}
	if len(all) == 0 {
		t.Fatal("no image is named: script/test-docker IMAGE...")
	}
	return all
}

func TestServersInContainersBecomeReplicasUnderWritesAndLoseTheirOldData(t *testing.T) {
	for _, want := range images(t) {
		t.Run(want.image, func(t *testing.T) {
			// A clone carries InnoDB only.
			inno := len(want.methods) == 0 || slices.Contains(want.methods, agentapi.ClonePlugin)
			w := start(t, want.image, sandbox.FillOptions{Bytes: 20 << 20, Tables: 3, InnoDBOnly: inno})
			methods := want.methods
			if len(methods) == 0 {
				methods = w.offered()
			}
			// Mydumper last: what it can't carry is dropped for it.
			slices.SortStableFunc(methods, func(a, b agentapi.Method) int { return order(a) - order(b) })
			for _, m := range methods {
				t.Run(string(m), func(t *testing.T) { w.seeded(t, m) })
			}
		})
	}
}

func order(m agentapi.Method) int {
	if m == agentapi.Mydumper {
		return 1
	}
	return 0
}

// forMydumper drops what Mydumper refuses (docs/methods/mydumper.md).
func (w *world) forMydumper(source *sql.DB) {
	w.t.Helper()
	statements := []string{"DROP DATABASE `odd ``name``, \"it's\" a.b;-/c`"}
	switch {
	case w.Source.Server.Kind == sandbox.MariaDB && w.full:
		statements = append(statements, "ALTER TABLE types.generated DROP COLUMN uid, DROP COLUMN addr")
	case w.Source.Server.Kind.IsMySQL():
		statements = append(statements, "ALTER TABLE shop.customers MODIFY created TIMESTAMP(6) NOT NULL DEFAULT '2020-01-01'", "DROP DATABASE `größe 日本`")
		if w.full {
			statements = append(statements, "ALTER TABLE types.generated DROP KEY many, DROP COLUMN uid, DROP COLUMN tags")
		}
	}
	for _, statement := range statements {
		_, err := source.ExecContext(w.ctx, statement)
		w.must(err, statement)
	}
}

// offered are the methods that both agents offer.
func (w *world) offered() []agentapi.Method {
	w.t.Helper()
	var offers [2]map[agentapi.Method]agentapi.MethodOffer
	for i, a := range []*fleet.Agent{w.Source, w.Target} {
		data, _, err := client.AgentData(a.Host).Fetch(w.ctx, w.Service.Client)
		w.must(err, "ask an agent for its methods")
		offers[i] = data.AvailiableSeedMethods
	}
	var both []agentapi.Method
	for _, m := range agentapi.Methods {
		_, source := offers[0][m]
		if _, target := offers[1][m]; source && target {
			both = append(both, m)
		}
	}
	w.t.Logf("the agents offer %v", both)
	if len(both) == 0 {
		w.t.Fatal("the agents offer no method: has the image client programs?")
	}
	return both
}

// seeded seeds the target, which has data of its own, while the source is written to, and compares the two.
func (w *world) seeded(t *testing.T, method agentapi.Method) {
	began := time.Now()
	outer := w.t
	w.t = t
	defer func() { w.t = outer }()
	source, target := w.Source.Server.Open(""), w.Target.Server.Open("")
	defer source.Close()
	defer target.Close()
	replica := "SLAVE" // what it is after the method before
	if w.Target.Server.Kind.Modern() {
		replica = "REPLICA"
	}
	for _, statement := range []string{"STOP " + replica, "RESET " + replica + " ALL",
		"CREATE DATABASE old", "CREATE TABLE old.t (id INT PRIMARY KEY)", "INSERT INTO old.t VALUES (1)"} {
		_, err := target.ExecContext(w.ctx, statement)
		w.must(err, statement)
	}
	if method == agentapi.Mydumper {
		w.forMydumper(source)
	}
	load, err := sandbox.WriteLoad(w.ctx, source, sandbox.LoadOptions{Bulk: "sbtest.sbtest1"})
	w.must(err, "write to the source")
	id, err := w.Seed(w.ctx, method)
	w.must(err, "start a seed")
	s, err := w.WaitEnd(w.ctx, id, seedTime)
	rows, lerr := load.Stop()
	w.must(err, "wait for the seed's end")
	w.must(lerr, "write to the source")
	if s.Status != agentapi.Completed || s.Retries != 0 {
		t.Fatalf("the seed ended as %s/%s after %d retries: %s %s\n%s", s.Stage, s.Status, s.Retries, s.ErrorCode, s.ErrorText, w.Story(w.ctx, id))
	}
	if rows < 100 {
		t.Errorf("%d rows were written meanwhile, want hundreds", rows)
	}
	w.same(source, target)
	_, err = source.ExecContext(w.ctx, fmt.Sprintf("CREATE TABLE `load`.arrived_%d AS SELECT 1 AS id", id))
	w.must(err, "write to the source")
	w.same(source, target)
	t.Logf("equal to the last row; %d rows were written meanwhile; %s", rows, time.Since(began).Round(time.Second/10))
}

// same waits for the replica and compares; the old data must be gone with it.
func (w *world) same(source, target *sql.DB) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, time.Minute)
	defer cancel()
	w.must(sandbox.WaitReplica(ctx, target, source), "wait for the replica")
	differences, err := sandbox.Compare(ctx, source, target)
	w.must(err, "compare the servers")
	for _, d := range differences {
		w.t.Error(d)
	}
}
