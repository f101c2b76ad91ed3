package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// results are what is known of a method's cases: a run of some of them replaces what was known of these, so that the whole
// table can be made in parts.
type results struct {
	Runs  []testRun `json:"runs"`
	Lines []line    `json:"lines"`
}

// testRun is one run of the tests.
type testRun struct {
	ID       string        `json:"id"` // time of its begin
	Commit   string        `json:"commit"`
	Race     bool          `json:"race"`
	Together int           `json:"together"` // cases at the same time
	Took     time.Duration `json:"took"`     // until the last of the method's cases, in nanoseconds
}

// line is what happened in one case.
type line struct {
	Case   string `json:"case"` // its title
	Run    string `json:"run"`  // a testRun's ID
	Fault  int    `json:"fault"`
	At     string `json:"at"` // the stage, and where in it
	Side   string `json:"side"`
	What   string `json:"what"` // was done, and happened
	End    string `json:"end"`
	Target string `json:"target"` // afterwards
	Failed bool   `json:"failed"` // something was not as it must be
	// Took is in seconds.
	Took float64 `json:"took"`
}

func resultsFile(dir string, method agentapi.Method) string {
	return filepath.Join(dir, string(method)+".json")
}

// readResults of a method that was never run are empty.
func readResults(dir string, method agentapi.Method) (results, error) {
	var r results
	raw, err := os.ReadFile(resultsFile(dir, method))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	if err != nil {
		return r, fmt.Errorf("read what is known of %s: %w", method, err)
	}
	return r, nil
}

// replace puts what a run has found over what was known, and drops what no case of the table is any more.
func (r *results) replace(run testRun, lines []line, titles []string) {
	r.Lines = slices.DeleteFunc(r.Lines, func(old line) bool {
		again := slices.ContainsFunc(lines, func(l line) bool { return l.Case == old.Case })
		return again || !slices.Contains(titles, old.Case)
	})
	r.Lines = append(r.Lines, lines...)
	slices.SortFunc(r.Lines, func(a, b line) int { return slices.Index(titles, a.Case) - slices.Index(titles, b.Case) })
	r.Runs = append(slices.DeleteFunc(r.Runs, func(old testRun) bool { return old.ID == run.ID }), run)
	r.Runs = slices.DeleteFunc(r.Runs, func(old testRun) bool {
		return !slices.ContainsFunc(r.Lines, func(l line) bool { return l.Run == old.ID })
	})
}

func (r *results) write(dir string, method agentapi.Method) error {
	raw, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(resultsFile(dir, method), append(raw, '\n'), 0o644)
}

// titles are those of a method's cases, by fault.
func titles(method agentapi.Method) []string {
	var all []faultCase
	for _, c := range cases() {
		if c.method == method {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b faultCase) int { return a.fault - b.fault })
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.title()
	}
	return names
}
