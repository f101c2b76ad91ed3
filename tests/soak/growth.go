package main

import (
	"fmt"
	"slices"
	"strings"
)

// bound is how much a figure may be more in the last third of its samples than in the first: by the factor, and the step
// besides.
type bound struct {
	factor float64
	step   float64
	// perSeed: what each seed may add for good.
	perSeed float64
}

// series are the samples of one figure, one after each seed.
type series struct {
	name   string
	unit   string
	bound  bound
	values []float64
}

// median of some values; 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// early and late are what the first third and the last third of the samples are about; the first fifth, in which caches and
// pools fill, is left out.
func (s *series) early() float64 {
	rest := s.values[len(s.values)/5:]
	return median(rest[:(len(rest)+2)/3])
}

func (s *series) late() float64 {
	rest := s.values[len(s.values)/5:]
	return median(rest[len(rest)-(len(rest)+2)/3:])
}

// grows says by how much more than it may the figure is at the end; "" when it is not.
func (s *series) grows() string {
	if len(s.values) < 6 {
		return fmt.Sprintf("%s: %d samples say nothing", s.name, len(s.values))
	}
	between := float64(len(s.values)) * 0.8 * 2 / 3 // seeds from the middle of the first third to that of the last
	most := s.early()*s.bound.factor + s.bound.step + s.bound.perSeed*between
	if s.late() <= most {
		return ""
	}
	return fmt.Sprintf("%s grows: %.1f %s early, %.1f late, at most %.1f would do", s.name, s.early(), s.unit, s.late(), most)
}

// table shows all figures.
func table(all []*series) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| figure | first | early | late | most | last |\n|---|---|---|---|---|---|\n")
	for _, s := range all {
		if len(s.values) == 0 {
			continue
		}
		fmt.Fprintf(&b, "| %s, %s | %.1f | %.1f | %.1f | %.1f | %.1f |\n", s.name, s.unit, s.values[0], s.early(), s.late(), slices.Max(s.values), s.values[len(s.values)-1])
	}
	return b.String()
}
