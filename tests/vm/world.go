package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/client"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/go/seedapi"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

const (
	root     = "/srv/seed" // everything of a scene
	filter   = "byhand"    // snapshot-volumes-filter
	bulk     = 24 << 20    // bytes of the source's data, about
	slowly   = 1 << 20     // bytes a second, so that there is a middle of the copy
	patience = 8 * time.Minute
)

// scene is a pair of servers on a kind of volumes, and what is tried with it.
type scene struct {
	name    string
	volumes func(ctx context.Context, source, target string) error // mounts root/source and root/target
	cases   []testCase
}

// world is a scene that runs.
type world struct {
	*fleet.Fleet
	programs fleet.Programs
	config   map[string]map[string]any // of both agents
	last     int64                     // the newest seed
}

// run runs a program of the system.
func run(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

func runAll(ctx context.Context, commands ...string) error {
	for _, c := range commands {
		if _, err := run(ctx, strings.Fields(c)...); err != nil {
			return err
		}
	}
	return nil
}

func (s scene) start(ctx context.Context, p fleet.Programs, source, target string) (*world, error) {
	w := &world{programs: p, config: map[string]map[string]any{"lvm": {"enabled": true, "create-new-snapshot-for-seed": true, "snapshot-volumes-filter": filter}}}
	for _, dir := range []string{"source", "target"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return w, err
		}
	}
	if err := s.volumes(ctx, source, target); err != nil {
		return w, err
	}
	awkward := sandbox.Options{Passwords: sandbox.AwkwardPasswords(), StartTimeout: patience, BufferPoolMB: 96}
	from, to := awkward, awkward
	from.Dir, to.Dir = filepath.Join(root, "source", "db"), filepath.Join(root, "target", "db")
	var err error
	w.Fleet, err = fleet.Start(ctx, fleet.Options{
		Programs: p, Dir: filepath.Join(root, "run"), Kind: sandbox.MariaDB, Source: from, Target: to, AgentConfig: w.config,
		ServiceConfig: map[string]any{"SeedProcessIntervalSeconds": 2, "MaxRetriesForSeedStage": 1},
		Fill: func(ctx context.Context, s *sandbox.Server) error {
			db := s.Open("")
			defer db.Close()
			if err := sandbox.Fill(ctx, db, sandbox.FillOptions{Bytes: bulk, Tables: 2}); err != nil {
				return err
			}
			return errors.Join(s.Stop(ctx), s.Restart(ctx)) // counters are then what is written in the files
		},
	})
	if err != nil {
		return w, err
	}
	return w, w.exec(ctx, w.Target.Server, "CREATE DATABASE old_data", "CREATE TABLE old_data.t (a INT PRIMARY KEY)", "INSERT INTO old_data.t VALUES (1)")
}

// close ends everything and gives the disks back.
func (w *world) close() error {
	ctx := context.Background()
	var errs []error
	if w.Fleet != nil {
		errs = append(errs, w.Fleet.Close())
	}
	_, _ = run(ctx, "umount", filepath.Join(root, "run", "source-agent", "backup", "lvm")) // after a case that failed
	errs = append(errs, runAll(ctx, "umount "+root+"/source", "umount "+root+"/target", "vgremove -q -f src tgt", "rm -rf "+root))
	if out, err := run(ctx, "lvs", "--noheadings"); err != nil || strings.TrimSpace(out) != "" {
		errs = append(errs, fmt.Errorf("volumes are left: %s", out))
	}
	return errors.Join(errs...)
}

func (w *world) exec(ctx context.Context, s *sandbox.Server, statements ...string) error {
	db := s.Open("")
	defer db.Close()
	for _, q := range statements {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return nil
}

// seed starts a seed with a bound on the copy; 0 is none.
func (w *world) seed(ctx context.Context, bytesPerSecond int64) (int64, error) {
	var id int64
	err := fleet.Until(ctx, time.Minute, func() (err error) { // what the service knows of an agent may be some seconds old
		id, err = w.Seed(ctx, "LVM")
		return err
	})
	if err != nil {
		return 0, err
	}
	w.last = id
	if bytesPerSecond > 0 {
		err = w.bandwidth(ctx, id, bytesPerSecond)
	}
	return id, err
}

// bandwidth bounds the copy; an agent that is not there yet, or is slow, is told again.
func (w *world) bandwidth(ctx context.Context, id, bytesPerSecond int64) error {
	return fleet.Until(ctx, time.Minute, func() error {
		_, err := client.SeedBandwidth(id, bytesPerSecond).Do(ctx, w.Service.Client)
		return err
	})
}

// clear ends what a case that failed has left, so that the next one can be tried.
func (w *world) clear(ctx context.Context) error {
	if w.last == 0 {
		return nil
	}
	s, err := w.Details(ctx, w.last)
	if err != nil {
		return err
	}
	if !client.Live(s) {
		return w.alone(ctx)
	}
	if _, err := client.AbortSeed(w.last, true).Do(ctx, w.Service.Client); err != nil {
		return err
	}
	_, err = w.WaitEnd(ctx, w.last, time.Minute)
	return err
}

// middle waits until some, but not all, of the copy has been sent.
func (w *world) middle(ctx context.Context, id int64) error {
	_, err := w.WaitFor(ctx, id, patience, "in the middle of Backup", func(s seedapi.Seed) bool {
		return s.Stage == "Backup" && s.Status == "Running" && s.Progress.Bytes > 4<<20 && s.Progress.Bytes < s.Progress.Total/2
	})
	return err
}

// ended waits for the end of a seed and says whether it is the wanted one.
func (w *world) ended(ctx context.Context, id int64, want string) (seedapi.Seed, error) {
	s, err := w.WaitEnd(ctx, id, patience)
	if err == nil && string(s.Status) != want {
		err = fmt.Errorf("seed %d ended %s, not %s: %s (%s)", id, s.Status, want, s.ErrorText, s.ErrorCode)
	}
	return s, err
}

func (w *world) story(ctx context.Context) string {
	var b strings.Builder
	b.WriteString(w.Story(ctx, w.last))
	for _, c := range []string{"lvs", "cat /proc/self/mounts"} {
		out, err := run(ctx, strings.Fields(c)...)
		fmt.Fprintf(&b, "--- %s\n%s%v\n", c, out, err)
	}
	return b.String()
}
