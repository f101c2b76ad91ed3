package main

import (
	"strings"
	"testing"
)

func TestGrowthIsSeenAndNoiseIsNot(t *testing.T) {
	steady, grown, filled := &series{name: "steady", bound: bound{factor: 1.1}}, &series{name: "grown", bound: bound{factor: 1.1}}, &series{name: "filled", bound: bound{factor: 1.1}}
	for i := range 60 {
		steady.values = append(steady.values, 100+float64(i%7))
		grown.values = append(grown.values, 100+float64(i))
		filled.values = append(filled.values, 100+float64(min(i, 10))*10)
	}
	if s := steady.grows(); s != "" {
		t.Error(s)
	}
	if s := filled.grows(); s != "" {
		t.Error("what fills up at the beginning is taken for growth:", s)
	}
	if grown.grows() == "" {
		t.Error("growth by half is not seen")
	}
	grown.bound.perSeed = 1
	if s := grown.grows(); s != "" {
		t.Error("what each seed may add is not allowed:", s)
	}
	if s := (&series{name: "short", values: []float64{1, 2}}).grows(); !strings.Contains(s, "say nothing") {
		t.Errorf("two samples are judged: %q", s)
	}
}
