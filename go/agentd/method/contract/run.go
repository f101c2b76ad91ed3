package contract

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Run holds the subject to the contract; see the package's comment. It takes less than a minute for small data.
func Run(t *testing.T, s Subject) {
	s.Moments = cmp.Or(int(number(t, "CONTRACT_MOMENTS")), s.Moments, 8)
	c := &suite{s: s, w: s.World(t), agents: map[agentapi.Side]*agent{}}
	for _, side := range agentapi.Sides {
		b := c.w.Box(side)
		b.Side, b.Dir = side, filepath.Join(t.TempDir(), string(side))
		c.agents[side] = newAgent(t, b)
	}
	var all []Moment
	began := time.Now()
	t.Run("whole seed", func(t *testing.T) { all = c.wholeSeed(t) })
	took := time.Since(began)
	if t.Failed() {
		return // the rest would only repeat it
	}
	t.Run("nothing done", c.nothingDone)
	t.Run("newer attempt", c.newerAttempt)
	if s.Plain {
		t.Run("with agents of others", c.others)
	}
	dice := newDice(t)
	for _, m := range choose(all, s.Moments, dice, false) {
		t.Run("abort/"+m.String(), func(t *testing.T) { c.aborted(t, m) })
	}
	kills := choose(all, s.Moments, dice, true)
	for _, side := range agentapi.Sides {
		kills = append(kills, Moment{Side: side, Stage: agentapi.Cleanup, What: "at any time", After: time.Duration(dice.Int64N(int64(took / 2)))})
	}
	for _, m := range kills {
		ways := []bool{dice.IntN(2) == 0}
		if everyMoment() {
			ways = []bool{true, false}
		}
		for _, release := range ways {
			t.Run("kill/"+m.String()+map[bool]string{true: ", then release", false: ", then go on"}[release], func(t *testing.T) { c.killed(t, m, release) })
		}
	}
	for _, tool := range s.Tools {
		for _, b := range breaks(tool) {
			t.Run(fmt.Sprintf("%s of the %s %s", tool, tool.Side, b), func(t *testing.T) { c.broken(t, tool, b) })
		}
	}
}

func (m Moment) String() string {
	if m.N == 0 {
		return fmt.Sprintf("%s %s", m.Side, m.What)
	}
	return fmt.Sprintf("%s %s %d %s", m.Side, m.Stage, m.N, m.What)
}

// newDice is chance that can be repeated.
func newDice(t *testing.T) *rand.Rand {
	t.Helper()
	n := cmp.Or(number(t, "CONTRACT_SEED"), uint64(time.Now().UnixNano()))
	t.Logf("CONTRACT_SEED=%d", n)
	return rand.New(rand.NewPCG(n, 0))
}

// number is that of an environment variable; 0 without one.
func number(t *testing.T, variable string) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

func everyMoment() bool { return os.Getenv("CONTRACT_ALL") != "" }

// choose takes n of the moments, from the stages of both sides in turn: of each kind of moment one at first, those of a
// release only for kills.
func choose(all []Moment, n int, dice *rand.Rand, kills bool) (chosen []Moment) {
	var first, rest []Moment
	kinds := map[Moment]bool{}
	dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, m := range all {
		if m.Stage == inRelease && !kills {
			continue
		}
		kind := m
		if kind.N = 0; kinds[kind] {
			rest = append(rest, m)
			continue
		}
		kinds[kind] = true
		first = append(first, m)
	}
	turn := map[Moment]int{}
	order := map[Moment]int{}
	for _, m := range first {
		stage := Moment{Side: m.Side, Stage: m.Stage}
		order[m] = turn[stage]
		turn[stage]++
	}
	slices.SortStableFunc(first, func(a, b Moment) int { return order[a] - order[b] })
	if everyMoment() {
		return append(first, rest...)
	}
	return append(first, rest...)[:min(n, len(first)+len(rest))]
}

// wholeSeed goes from an empty box to new data, with an agent that is killed before it is asked for metadata, and returns
// the moments that it saw.
func (c *suite) wholeSeed(t *testing.T) (all []Moment) {
	s := c.seed(t)
	for _, stage := range path[:3] {
		if err := s.run(stage); err != nil {
			c.show(t)
			t.Fatal(err)
		}
		if stage != agentapi.Restore {
			s.must(t, "old data before Restore", c.w.Old)
		}
	}
	target := c.agents[agentapi.Target]
	all = append(target.moments(), c.agents[agentapi.Source].moments()...)
	target.kill()
	target.restart("")
	var meta agentapi.Metadata
	if err := target.call("Metadata", Ask{SeedID: s.id, Method: c.s.Name}, &meta); err != nil || meta.LogFile == "" && meta.GtidExecuted == "" {
		t.Errorf("metadata after a restart of the agent: %+v %v", meta, err)
	}
	target.plan(Plan{})
	s.mustRun(agentapi.Cleanup)
	s.good()
	for _, m := range append(target.moments(), c.agents[agentapi.Source].moments()...) {
		if m.Stage == agentapi.Cleanup {
			all = append(all, m)
		}
	}
	s.release()
	s.good()
	return append(all, c.releaseMoments(t)...)
}

// releaseMoments is those of the release of a seed that has ended after Backup.
func (c *suite) releaseMoments(t *testing.T) (all []Moment) {
	s := c.seed(t)
	for _, stage := range path[:2] {
		if err := s.run(stage); err != nil {
			t.Fatal(err)
		}
	}
	s.release()
	s.oldIsBack(agentapi.Backup)
	for _, a := range c.agents {
		for _, m := range a.moments() {
			if m.Stage == inRelease {
				all = append(all, m)
			}
		}
	}
	return all
}

// show logs what the agents logged last.
func (c *suite) show(t *testing.T) {
	t.Helper()
	for side, a := range c.agents {
		t.Logf("log of the %s's agent:\n%s", side, a.lastWords())
	}
}

// nothingDone releases a side where the seed was never heard of, and one where it was aborted before it did anything.
func (c *suite) nothingDone(t *testing.T) {
	s := c.seed(t)
	s.release()
	s.oldIsBack(agentapi.Prepare)
	for side, a := range c.agents {
		t.Run(string(side), func(t *testing.T) {
			s := c.seed(t)
			a.plan(Plan{Stage: agentapi.Prepare, N: 1})
			s.attempt++
			if err := s.start(side, agentapi.Prepare); err != nil {
				t.Fatal(err)
			}
			if err := s.abort(agentapi.Prepare); err != nil {
				t.Fatal(err)
			}
			s.release()
			s.oldIsBack(agentapi.Prepare)
		})
	}
}

// newerAttempt starts from Prepare again while Backup runs.
func (c *suite) newerAttempt(t *testing.T) {
	s := c.seed(t)
	c.agents[c.s.BackupSide].plan(Plan{Stage: agentapi.Backup, N: 2})
	if err := s.run(agentapi.Prepare); err != nil {
		t.Fatal(err)
	}
	if err := s.run(agentapi.Backup); !errors.Is(err, errHeld) {
		t.Fatalf("Backup does not hold: %v", err)
	}
	c.agents[c.s.BackupSide].plan(Plan{})
	s.mustRun(agentapi.Prepare)
	s.good()
	s.release()
	s.good()
}

// others is a seed by a service that knows no attempts and no terms.
func (c *suite) others(t *testing.T) {
	s := c.seed(t)
	s.plain = true
	s.mustRun(agentapi.Prepare)
	s.good()
	s.release()
	s.good()
}
