package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// sampler takes samples of a fleet.
type sampler struct {
	fleet *fleet.Fleet
	all   []*series
}

// add keeps a value of a figure.
func (s *sampler) add(name, unit string, b bound, value float64) {
	for _, have := range s.all {
		if have.name == name {
			have.values = append(have.values, value)
			return
		}
	}
	s.all = append(s.all, &series{name: name, unit: unit, bound: b, values: []float64{value}})
}

// The bounds: memory of a Go program breathes with its collector; everything else is counted.
var (
	memoryBound  = bound{factor: 1.15, step: 8}
	countBound   = bound{factor: 1, step: 4}
	backendBound = bound{factor: 1.1, step: 256, perSeed: 64} // KiB: the history and the audit are kept
)

// sample looks at everything once.
func (s *sampler) sample(ctx context.Context) error {
	for _, p := range []struct {
		name    string
		process *fleet.Process
	}{{"service", s.fleet.Service.Process}, {"source's agent", s.fleet.Source.Process}, {"target's agent", s.fleet.Target.Process}} {
		status, err := status(p.process.Pid())
		if err != nil {
			return err
		}
		descriptors, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.process.Pid()))
		if err != nil {
			return err
		}
		s.add(p.name+": memory", "MiB", memoryBound, status["VmRSS"]/1024)
		s.add(p.name+": descriptors", "open", countBound, float64(len(descriptors)))
		s.add(p.name+": threads", "", bound{factor: 1, step: 6}, status["Threads"])
	}
	metrics, err := metrics(ctx, s.fleet.Service.URL+"/metrics")
	if err != nil {
		return err
	}
	s.add("service: goroutines", "", countBound, metrics["go_goroutines"])
	s.add("service: heap in use", "MiB", memoryBound, metrics["go_memstats_heap_inuse_bytes"]/(1<<20))
	var size int64
	files, err := filepath.Glob(filepath.Join(s.fleet.Dir, "service", "seed.sqlite3*"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil { // the log may be gone by now
			size += info.Size()
		}
	}
	s.add("backend: size", "KiB", backendBound, float64(size)/1024)
	return nil
}

// status reads the numbers of /proc/PID/status.
func status(pid int) (map[string]float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return nil, err
	}
	all := map[string]float64{}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(line, ":")
		if fields := strings.Fields(value); len(fields) > 0 {
			if n, err := strconv.ParseFloat(fields[0], 64); err == nil {
				all[name] = n
			}
		}
	}
	return all, nil
}

// metrics reads the plain numbers of a metrics page.
func metrics(ctx context.Context, url string) (map[string]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	all := map[string]float64{}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if name, value, found := strings.Cut(lines.Text(), " "); found && !strings.HasPrefix(name, "#") {
			if n, err := strconv.ParseFloat(value, 64); err == nil {
				all[name] = n
			}
		}
	}
	if _, has := all["go_goroutines"]; !has {
		return nil, fmt.Errorf("%s says nothing of goroutines (status %d)", url, answer.StatusCode)
	}
	return all, lines.Err()
}
