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
	"strings"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

func main() {
	once := flag.Bool("once", false, "end when the replica is proven, with the result as exit status")
	megabytes := flag.Int64("mb", 220, "size of the source's data in MiB, besides one of every kind of object")
	method := flag.String("method", string(agentapi.Xtrabackup), "Mysqldump, Mydumper, Xtrabackup or ClonePlugin (which is MySQL's)")
	bin := flag.String("bin", "bin", "directory of the two programs")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, demo{bin: *bin, method: agentapi.Method(*method), bytes: *megabytes << 20, once: *once}); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func say(format string, args ...any) {
	fmt.Printf("\n\033[1m== "+format+"\033[0m\n", args...)
}

// demo is what was asked for.
type demo struct {
	bin    string
	method agentapi.Method
	bytes  int64
	once   bool
}

// fleet is what the method needs: its servers, and data that it can carry.
func (d demo) fleet(dir string) (fleet.Options, error) {
	sections := map[agentapi.Method]string{agentapi.Mysqldump: "mysqldump", agentapi.Mydumper: "mydumper",
		agentapi.Xtrabackup: "xtrabackup", agentapi.ClonePlugin: "clone_plugin"}
	if sections[d.method] == "" {
		return fleet.Options{}, fmt.Errorf("this demo has no method %q", d.method)
	}
	o := fleet.Options{
		Programs: fleet.Programs{Seed: filepath.Join(d.bin, "orchestrator-seed"), Agent: filepath.Join(d.bin, "orchestrator-agent")},
		Dir:      dir, Kind: sandbox.MariaDB,
		Source: sandbox.Options{BufferPoolMB: 128}, Target: sandbox.Options{BufferPoolMB: 128},
		ServiceConfig: map[string]any{"SeedProcessIntervalSeconds": 5},
		AgentConfig:   map[string]map[string]any{sections[d.method]: {"enabled": true}},
	}
	fill := sandbox.FillOptions{Bytes: d.bytes, Tables: 4, Logged: true, NoObjects: d.method == agentapi.Mydumper}
	if d.method == agentapi.ClonePlugin {
		o.Kind, fill.InnoDBOnly = sandbox.MySQL97, true
		o.AgentConfig["clone_plugin"]["install-plugin"] = true
	}
	o.Fill = func(ctx context.Context, s *sandbox.Server) error {
		fmt.Printf("   filling the source with %d MiB and every kind of object that %s carries ...\n", d.bytes>>20, d.method)
		return sandbox.Fill(ctx, s.Open(""), fill)
	}
	return o, nil
}

func run(ctx context.Context, d demo) (err error) {
	dir, err := os.MkdirTemp("", "orchestrator-seed-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o, err := d.fleet(dir)
	if err != nil {
		return err
	}
	say("Starting two servers (%s), the service and two agents in %s", o.Kind, dir)
	began := time.Now()
	f, err := fleet.Start(ctx, o)
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
	if err := oldData(ctx, f); err != nil {
		return err
	}
	args := []string{"--api", f.Service.URL, "agent-seed", string(d.method), f.Target.Host, f.Source.Host, "--wait", "--yes"}
	command := exec.CommandContext(ctx, filepath.Join(d.bin, "orchestrator-seed"), args...)
	fmt.Printf("   $ orchestrator-seed %s\n\n", strings.Join(args, " "))
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("the seed did not complete: %w\n%s", err, f.Story(context.WithoutCancel(ctx), 1))
	}

	say("Proving the replica")
	if err := prove(ctx, f); err != nil {
		return err
	}
	if d.once {
		return nil
	}
	say("The page is at %s/web/seeds - Ctrl-C ends everything", f.Service.URL)
	<-ctx.Done()
	return nil
}

// oldData gives the target something to lose.
func oldData(ctx context.Context, f *fleet.Fleet) error {
	for _, statement := range []string{"CREATE DATABASE yesterday", "CREATE TABLE yesterday.news (id INT PRIMARY KEY)", "INSERT INTO yesterday.news VALUES (1)"} {
		if _, err := f.Target.Server.Open("").ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
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
