package simulation

import (
	"strings"
	"testing"
)

// sabotage breaks something on purpose, to see that the rules complain.
type sabotage string

const (
	startsTwice       sabotage = "the client starts everything twice"
	abortsOnlySayIt   sabotage = "agents say that they have aborted, and go on"
	releasesOnlySayIt sabotage = "agents say that they have released, and keep everything"
	takesOldAttempts  sabotage = "agents take starts of older attempts"
	noCompareAndSet   sabotage = "the store ignores the version"
	noFence           sabotage = "the store ignores the term"
	losesRows         sabotage = "the store loses history rows"
	keepsDowntime     sabotage = "the store keeps the downtime"
	jumpsStages       sabotage = "the engine leaves out a stage"
	reusesAttempts    sabotage = "the engine does not raise the attempt"
	neverEnds         sabotage = "agents never answer an abort"
	lyingAgent        sabotage = "the agent says that it has put the old data back, and has not"
)

// TestTheRulesComplainOfWhatIsBrokenOnPurpose: each sabotage is found within a few hundred histories, by the words of the
// rule that is there for it.
func TestTheRulesComplainOfWhatIsBrokenOnPurpose(t *testing.T) {
	for s, words := range map[sabotage]string{
		startsTwice:       "was started 2 times with attempt",
		abortsOnlySayIt:   "still runs a stage of it",
		releasesOnlySayIt: "has left",
		takesOldAttempts:  "was started",
		noCompareAndSet:   "was written from version",
		noFence:           "was written under term",
		losesRows:         "without a history row",
		keepsDowntime:     "downtime is there: true",
		jumpsStages:       "moved from",
		reusesAttempts:    "attempt",
		neverEnds:         "still stands at",
		lyingAgent:        "instead of its own",
	} {
		t.Run(string(s), func(t *testing.T) {
			var other []string
			for n := int64(1); n <= 600; n++ {
				_, broken := live(t, n, newPlan(n), func(w *world) { w.sabotage = s })
				if len(broken) == 0 {
					continue
				}
				if all := strings.Join(broken, "\n"); strings.Contains(all, words) {
					t.Logf("found in history %d: %s", n, broken[0])
					return
				}
				other = append(other, broken...)
			}
			t.Errorf("no history complained with %q; others: %v", words, other)
		})
	}
}
