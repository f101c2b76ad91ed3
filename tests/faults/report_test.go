package faults

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// report collects what happened in this run. It is called by many cases at once.
type report struct {
	run   testRun
	began time.Time
	dir   string
	mu    sync.Mutex
	lines map[agentapi.Method][]line
}

// newReport keeps the results in dir; "": nowhere.
func newReport(commit, dir string) *report {
	began := time.Now().UTC()
	return &report{dir: dir, run: testRun{ID: began.Format(time.RFC3339), Commit: commit, Race: raceDetector, Together: *together}, began: began,
		lines: map[agentapi.Method][]line{}}
}

// add notes a case that has ended, and keeps the results at once: a run that is cut off has not run for nothing. w is nil when
// not even its fleet was there.
func (r *report) add(c faultCase, w *world, failed bool, took time.Duration) error {
	l := line{Case: c.title(), Run: r.run.ID, Fault: c.fault, At: c.at(), Side: c.side, What: c.what, Failed: failed, Took: took.Seconds()}
	if w != nil && w.f != nil {
		plain := w.plain()
		l.End = cmp.Or(string(w.ended.Status), "no seed was made")
		if w.ended.ErrorCode != "" {
			l.End += " in " + string(w.ended.Stage) + ", `" + w.ended.ErrorCode + "`"
		}
		l.What = endOfLog.ReplaceAllString(plain.Replace(strings.Join(append([]string{c.what}, w.notes...), "; ")), "the log ends: …")
		l.Target = plain.Replace(w.targetNow)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines[c.method] = append(r.lines[c.method], l)
	if r.dir == "" {
		return nil
	}
	known, err := readResults(r.dir, c.method)
	if err != nil {
		return err
	}
	run := r.run
	run.Took = time.Since(r.began)
	known.replace(run, []line{l}, titles(c.method))
	return known.write(r.dir, c.method)
}

// endOfLog is what a hint shows of a server's log.
var endOfLog = regexp.MustCompile(`the log ends: [^”]*`)

// plain takes out what differs from run to run, and what a table can't hold.
func (w *world) plain() *strings.Replacer {
	f := w.f
	names := []string{"|", "\\|", "\n", " ", filepath.Dir(f.Dir), "", " of seed " + fmt.Sprint(w.id), " of the seed"}
	for name, a := range map[string]*fleet.Agent{"source": f.Source, "target": f.Target} {
		names = append(names, fmt.Sprintf("%s:%d", a.Host, a.Port), name+":3002", fmt.Sprintf(" its port %d", a.Port), " its port 3002",
			fmt.Sprintf("%s:%d", a.Host, a.SeedPort), name+":21234", a.Server.Address(), name+":3306", a.Host, name)
	}
	for _, a := range w.others {
		names = append(names, a.Host, "third")
	}
	return strings.NewReplacer(append(names, "127.0.0.1", "localhost")...)
}

// tables are this run's, in the order of the list of faults.
func (r *report) tables() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	for _, k := range kits() {
		var known results
		known.replace(r.run, r.lines[k.method], titles(k.method))
		if len(known.Lines) > 0 {
			fmt.Fprintf(&b, "%s\n\n%s\n", k.method, known.table())
		}
	}
	return b.String()
}
