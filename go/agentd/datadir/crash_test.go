package datadir

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// verbs are what a seed does with the data directory, in order.
func (d *world) verbs() map[string]func() error {
	ctx := context.Background()
	return map[string]func() error{
		"begin":   func() error { _, err := d.k.Begin(ctx, d.work(), 1<<20); return err },
		"receive": d.receive,
		"swap":    func() error { return d.k.Swap(ctx, d.work()) },
		"drop":    func() error { return d.k.Drop(ctx, d.work()) },
		"putback": func() error { return d.k.PutBack(ctx, d.work()) },
	}
}

// does calls verbs until one fails; it returns those that were not done.
func (d *world) does(verbs ...string) (left []string, err error) {
	for i, v := range verbs {
		if err := d.verbs()[v](); err != nil {
			return verbs[i:], fmt.Errorf("%s: %w", v, err)
		}
	}
	return nil, nil
}

func (d *world) must(verbs ...string) {
	d.t.Helper()
	if _, err := d.does(verbs...); err != nil {
		d.t.Fatal(err)
	}
}

var forward = []string{"begin", "receive", "swap", "drop"}

// again is what the service asks for after a failure: the stage that failed, from its start.
func again(left []string) []string {
	if left[0] == "receive" {
		return forward
	}
	return left
}

func variants(t *testing.T, f func(t *testing.T, whole bool)) {
	t.Run("renamed as a whole", func(t *testing.T) { f(t, true) })
	t.Run("entry by entry", func(t *testing.T) { f(t, false) })
}

// TestDataIsWhollyOldOrWhollyNewWhereverTheAgentDies lets the agent die at each step of a seed, and of what follows its
// death, and looks at every file of the host afterwards.
func TestDataIsWhollyOldOrWhollyNewWhereverTheAgentDies(t *testing.T) {
	variants(t, func(t *testing.T, whole bool) {
		clean := newWorld(t, whole)
		clean.must(forward...)
		steps := clean.steps
		t.Logf("%d steps", steps)
		for at := 1; at <= steps; at++ {
			for _, before := range []bool{true, false} {
				for _, second := range []bool{false, true} {
					for _, back := range []bool{false, true} {
						if second && !before {
							continue // a second death is at a step of its own choice anyway
						}
						dieAndRecover(t, clean, at, before, second, back)
						if t.Failed() {
							t.Fatalf("died at step %d, before it was done %v, died again %v, put back %v", at, before, second, back)
						}
					}
				}
			}
		}
	})
}

func dieAndRecover(t *testing.T, clean *world, at int, before, second, back bool) {
	d := newWorld(t, clean.whole)
	defer os.RemoveAll(d.root)
	old := d.tree()
	d.dieAt, d.dieBefore = at, before
	left, err := d.does(forward...)
	if !errors.Is(err, errDead) {
		t.Fatal("it did not die:", err)
	}
	d.boot()
	d.revive()
	todo := again(left)
	if back {
		todo = []string{"putback"}
	}
	if second {
		d.dieAt, d.dieBefore = 1+rand.IntN(40), !before
		if more, err := d.does(todo...); err != nil && !back {
			todo = again(more)
		}
		if d.dead {
			d.boot()
		}
		d.revive()
	}
	if _, err := d.does(todo...); err != nil {
		t.Error(err)
	}
	if back {
		d.must("putback") // again
	}
	p, err := recall(d.work())
	if err != nil {
		t.Fatal(err)
	}
	proven := p != nil && (p.Phase == phaseProven || p.Phase == phaseDropped)
	if !back || proven {
		if back {
			d.must("drop")
		}
		d.must("swap")
		if p.Phase == phaseDropped && !d.running {
			d.running = false
			if err := d.StartMySQL(context.Background()); err != nil {
				t.Error(err)
			}
		}
		same(t, "the new data", d.tree(), clean.treeAt(d.root))
		return
	}
	same(t, "the old data", d.tree(), old)
	if !d.running && p != nil {
		t.Error("the server was not started again")
	}
}

// treeAt is the host as it would be elsewhere.
func (d *world) treeAt(root string) map[string]string {
	tree := d.tree()
	for path, text := range tree {
		tree[path] = strings.ReplaceAll(text, d.root, root)
	}
	return tree
}

func TestOldDataIsPutBackWhereverTheAgentDiesInPuttingItBack(t *testing.T) {
	variants(t, func(t *testing.T, whole bool) {
		for at := 1; ; at++ {
			d := newWorld(t, whole)
			old := d.tree()
			d.must("begin", "receive")
			d.refusesNew = true
			if _, err := d.does("swap"); err == nil {
				t.Fatal("the server refused to start, and nobody told")
			}
			d.steps, d.dieAt = 0, at
			_, err := d.does("putback")
			if d.dead {
				d.boot()
			}
			d.revive()
			d.must("putback", "putback")
			same(t, fmt.Sprintf("died at step %d", at), d.tree(), old)
			if !d.running {
				t.Error("the server was not started again")
			}
			if t.Failed() || err == nil {
				t.Logf("%d steps", at)
				return
			}
		}
	})
}

func TestSeedTellsWhereTheOldDataIs(t *testing.T) {
	d := newWorld(t, true)
	d.must(forward...)
	if got := fmt.Sprint(d.run.OldDataSaid()); got != fmt.Sprint([]agentapi.OldData{agentapi.OldDataInPlace, agentapi.OldDataAside, agentapi.OldDataRemoved}) {
		t.Error(got)
	}
	d = newWorld(t, true)
	d.must("begin", "receive", "swap", "putback")
	if got := fmt.Sprint(d.run.OldDataSaid()); got != fmt.Sprint([]agentapi.OldData{agentapi.OldDataInPlace, agentapi.OldDataAside, agentapi.OldDataPutBack}) {
		t.Error(got)
	}
}
