package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

func main() {
	minutes := flag.Float64("minutes", 30, "how long new seeds are begun")
	built := flag.String("programs", "", "the directory of programs that are built already; none: they are built")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, time.Duration(*minutes*float64(time.Minute)), *built); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run seeds for that long and judges the figures. On failure the fleet's directory is left.
func run(ctx context.Context, lasts time.Duration, built string) (err error) {
	dir, err := os.MkdirTemp("", "soak-")
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the servers are other users
		return err
	}
	programs, err := fleet.In(ctx, built, filepath.Join(dir, "bin"))
	if err != nil {
		return err
	}
	f, err := fleet.Start(ctx, fleet.Options{
		Programs: programs, Dir: filepath.Join(dir, "fleet"), Kind: sandbox.MariaDB,
		AgentConfig:   map[string]map[string]any{"mysqldump": {"enabled": true}, "xtrabackup": {"enabled": true}},
		ServiceConfig: map[string]any{"SeedProcessIntervalSeconds": 1},
		Fill: func(ctx context.Context, s *sandbox.Server) error {
			db := s.Open("")
			defer db.Close()
			return sandbox.Fill(ctx, db, sandbox.FillOptions{InnoDBOnly: true, NoObjects: true, Bytes: 2 << 20, Logged: true})
		},
	})
	if err != nil {
		return err
	}
	s := &sampler{fleet: f}
	seeds, err := s.seeds(ctx, time.Now().Add(lasts))
	fmt.Printf("\n%d seeds\n\n%s\n", seeds, table(s.all))
	for _, figure := range s.all {
		if text := figure.grows(); text != "" && err == nil {
			err = errors.Join(err, errors.New(text))
		}
	}
	if err = errors.Join(err, f.Close()); err == nil {
		return os.RemoveAll(dir)
	}
	return fmt.Errorf("%w\nlogs and database are left in %s", err, dir)
}

// seeds seeds until then, by one method after the other, and returns how often.
func (s *sampler) seeds(ctx context.Context, until time.Time) (n int, err error) {
	methods := []agentapi.Method{agentapi.Mysqldump, agentapi.Xtrabackup}
	for ; time.Now().Before(until); n++ {
		began := time.Now()
		method := methods[n%len(methods)]
		id, err := s.fleet.Seed(ctx, method)
		if err != nil {
			return n, fmt.Errorf("start seed %d: %w", n+1, err)
		}
		ended, err := s.fleet.WaitEnd(ctx, id, 5*time.Minute)
		if err == nil && ended.Status != agentapi.Completed {
			err = fmt.Errorf("seed %d is %s in %s: %s", id, ended.Status, ended.Stage, ended.ErrorText)
		}
		if err != nil {
			return n, fmt.Errorf("%w\n%s", err, s.fleet.Story(ctx, id))
		}
		if err := s.lone(ctx); err != nil {
			return n, err
		}
		if err := s.sample(ctx); err != nil {
			return n, err
		}
		fmt.Fprintf(os.Stderr, "%s  seed %d by %s: %.1f s\n", time.Now().Format("15:04:05"), id, method, time.Since(began).Seconds())
	}
	return n, nil
}

// lone makes the target a server of its own again.
func (s *sampler) lone(ctx context.Context) error {
	db := s.fleet.Target.Server.Open("")
	defer db.Close()
	for _, statement := range []string{"STOP SLAVE", "RESET SLAVE ALL"} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
