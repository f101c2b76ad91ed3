package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// nothingLeft proves that an ended seed holds nothing: no snapshot but the operator's, no mount, no lock, no listener, no file.
func (w *world) nothingLeft(ctx context.Context) error {
	return fleet.Until(ctx, time.Minute, func() error {
		return errors.Join(noSnapshots(ctx), noMounts(), w.noFiles(), w.noListeners(), w.noLocks(ctx))
	})
}

func noSnapshots(ctx context.Context) error {
	out, err := run(ctx, "lvs", "--noheadings", "-o", "lv_name,origin")
	if err != nil {
		return err
	}
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) == 2 && strings.Contains(f[0], "seed") {
			return fmt.Errorf("the snapshot %s of %s is left", f[0], f[1])
		}
	}
	return nil
}

func noMounts() error {
	b, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); strings.HasPrefix(f[1], filepath.Join(root, "run")) {
			return fmt.Errorf("%s is still mounted at %s", f[0], f[1])
		}
	}
	return nil
}

func (w *world) noFiles() error {
	for _, a := range []*fleet.Agent{w.Source, w.Target} {
		for _, dir := range []string{a.BackupDir, a.Server.Dir, a.Server.Datadir} {
			for _, pattern := range []string{"*seed-*", ".*seed-*", "metadata", "manifest"} {
				found, err := filepath.Glob(filepath.Join(dir, pattern))
				if err != nil || len(found) > 0 {
					return fmt.Errorf("left behind: %v %w", found, err)
				}
			}
		}
	}
	return nil
}

func (w *world) noListeners() error {
	for _, a := range []*fleet.Agent{w.Source, w.Target} {
		c, err := net.DialTimeout("tcp", net.JoinHostPort(a.Host, strconv.Itoa(a.SeedPort)), time.Second)
		if err == nil {
			c.Close()
			return fmt.Errorf("something listens on the data port of %s", a.Host)
		}
	}
	return nil
}

func (w *world) noLocks(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return w.exec(ctx, w.Source.Server, "SET SESSION lock_wait_timeout = 5", "CREATE DATABASE IF NOT EXISTS not_locked", "DROP DATABASE not_locked")
}

// oldData proves that the target still, or again, runs on what it held before the seed.
func (w *world) oldData(ctx context.Context) error {
	return fleet.Until(ctx, time.Minute, func() error { return w.exec(ctx, w.Target.Server, "SELECT a FROM old_data.t") })
}

// equal waits until the replica has everything, and compares all of both servers.
func (w *world) equal(ctx context.Context) error {
	a, b := w.Source.Server.Open(""), w.Target.Server.Open("")
	defer a.Close()
	defer b.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := sandbox.WaitReplica(ctx, b, a); err != nil {
		return err
	}
	diff, err := sandbox.Compare(ctx, a, b)
	if err != nil {
		return err
	}
	if len(diff) > 0 {
		return fmt.Errorf("%d differences, the first: %s", len(diff), diff[0])
	}
	return nil
}

// alone makes the target a server of its own again, with data that a seed may replace.
func (w *world) alone(ctx context.Context) error {
	return w.exec(ctx, w.Target.Server, "STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = 0", "CREATE DATABASE IF NOT EXISTS old_data",
		"CREATE TABLE IF NOT EXISTS old_data.t (a INT PRIMARY KEY)")
}

// said finds a line of the seed's history on the source.
func (w *world) said(ctx context.Context, id int64, words string) string {
	states, err := w.States(ctx, id)
	if err != nil {
		return err.Error()
	}
	for _, s := range states {
		if strings.Contains(s.Details, words) {
			return s.Details
		}
	}
	return ""
}
