package lvm

import (
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
)

func TestNoteTellsWhichTreeAndHowMuchOfIt(t *testing.T) {
	s := state{Snapshot: &snapshot.Snapshot{Group: "vg0", Name: "a", CreatedAt: time.Unix(1, 0)}}
	if tree, n := parseNote(note(s.tree(), 7)); tree != s.tree() || n != 7 {
		t.Error(tree, n)
	}
	other := state{Snapshot: &snapshot.Snapshot{Group: "vg0", Name: "a", CreatedAt: time.Unix(2, 0)}}
	if other.tree() == s.tree() {
		t.Error("a snapshot that was made anew under the same name is another tree")
	}
	if tree, n := parseNote(note("x", 0)); tree != "" || n != 0 {
		t.Error(tree, n)
	}
}

func FuzzParseNote(f *testing.F) {
	f.Add(note("vg0/a 2026", 3))
	f.Fuzz(func(t *testing.T, text string) {
		if _, n := parseNote(text); n < 0 {
			t.Error(n)
		}
	})
}
