// Command demo shows a seed from beginning to end: two real MariaDB servers, the service and two agents on loopback
// addresses, one server filled from the other, the replica proven. script/demo builds and runs it.
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

func main() {
	once := flag.Bool("once", false, "end when the replica is proven, with the result as exit status")
	megabytes := flag.Int64("mb", 220, "size of the source's data in MiB, besides one of every kind of object")
	bin := flag.String("bin", "bin", "directory of the two programs")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *megabytes<<20, *once); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func say(format string, args ...any) {
	fmt.Printf("\n\033[1m== "+format+"\033[0m\n", args...)
}

func run(ctx context.Context, bin string, bytes int64, once bool) (err error) {
	dir, err := os.MkdirTemp("", "orchestrator-seed-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	say("Starting two MariaDB servers, the service and two agents in %s", dir)
	began := time.Now()
	f, err := fleet.Start(ctx, fleet.Options{
		Programs: fleet.Programs{Seed: filepath.Join(bin, "orchestrator-seed"), Agent: filepath.Join(bin, "orchestrator-agent")},
		Dir:      dir, Kind: sandbox.MariaDB,
		Source: sandbox.Options{BufferPoolMB: 128}, Target: sandbox.Options{BufferPoolMB: 128},
		ServiceConfig: map[string]any{"SeedProcessIntervalSeconds": 5},
		Fill: func(ctx context.Context, s *sandbox.Server) error {
			fmt.Printf("   filling the source with %d MiB and every kind of object ...\n", bytes>>20)
			return sandbox.Fill(ctx, s.Open(""), sandbox.FillOptions{Bytes: bytes, Tables: 4, Logged: true})
		},
	})
	if err != nil {
		return err
	}
	defer func() {
		say("Ending everything that was started")
		if cerr := f.Close(); cerr != nil && err == nil {
			err = cerr
		}
	}()
	fmt.Printf("   source  %s   target  %s   (%.0f s)\n   page    %s/web/seeds\n", f.Source.Server.Address(), f.Target.Server.Address(),
		time.Since(began).Seconds(), f.Service.URL)

	say("Seeding %s from %s", f.Target.Host, f.Source.Host)
	command := exec.CommandContext(ctx, filepath.Join(bin, "orchestrator-seed"), "--api", f.Service.URL,
		"agent-seed", "Mysqldump", f.Target.Host, f.Source.Host, "--wait", "--yes")
	fmt.Printf("   $ orchestrator-seed --api %s agent-seed Mysqldump %s %s --wait --yes\n\n", f.Service.URL, f.Target.Host, f.Source.Host)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("the seed did not complete: %w\n%s", err, f.Story(context.WithoutCancel(ctx), 1))
	}

	say("Proving the replica")
	if err := prove(ctx, f); err != nil {
		return err
	}
	if once {
		return nil
	}
	say("The page is at %s/web/seeds - Ctrl-C ends everything", f.Service.URL)
	<-ctx.Done()
	return nil
}

// prove compares the two servers object by object and row by row, then writes on the source and waits for the replica.
func prove(ctx context.Context, f *fleet.Fleet) error {
	source, target := f.Source.Server.Open(""), f.Target.Server.Open("")
	differences, err := sandbox.Compare(ctx, source, target)
	if err != nil {
		return err
	}
	for _, d := range differences {
		fmt.Println("   differs:", d)
	}
	if len(differences) > 0 {
		return fmt.Errorf("source and replica differ in %d places", len(differences))
	}
	var tables int
	if err := target.QueryRowContext(ctx, `SELECT COUNT(*) FROM information_schema.TABLES
		WHERE TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')`).Scan(&tables); err != nil {
		return err
	}
	fmt.Printf("   %d tables and views, all other objects and all accounts are equal on both\n", tables)
	return writeArrives(ctx, source, target)
}

func writeArrives(ctx context.Context, source, target *sql.DB) error {
	text := fmt.Sprintf("written at %s", time.Now().Format(time.RFC3339Nano))
	for _, statement := range []string{"CREATE DATABASE IF NOT EXISTS demo", "CREATE TABLE IF NOT EXISTS demo.hello (text VARCHAR(100))"} {
		if _, err := source.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if _, err := source.ExecContext(ctx, "INSERT INTO demo.hello VALUES (?)", text); err != nil {
		return err
	}
	began := time.Now()
	err := fleet.Until(ctx, 20*time.Second, func() error {
		var have string
		return target.QueryRowContext(ctx, "SELECT text FROM demo.hello WHERE text = ?", text).Scan(&have)
	})
	if err != nil {
		return fmt.Errorf("a write on the source did not arrive on the replica: %w", err)
	}
	fmt.Printf("   a row written on the source arrived on the replica after %d ms\n", time.Since(began).Milliseconds())
	return nil
}
