// Command seed measures a whole seed, from the request to the proven replica, with the real programs, against what people do
// by hand: "mysqldump > file; mysql < file". Both run on the same two servers, with the same settings and data, in turn.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

func main() {
	mib := flag.Int64("mib", 1024, "size of the data, MiB")
	tables := flag.Int("tables", 8, "number of tables")
	rounds := flag.Int("rounds", 3, "runs of each way")
	pool := flag.Int("pool", 256, "InnoDB buffer pool of each server, MiB")
	kind := flag.String("kind", string(sandbox.MariaDB), "kind of server")
	bin := flag.String("bin", "bin", "directory of the two programs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k, err := sandbox.ParseKind(*kind)
	if err == nil {
		err = run(ctx, k, *mib<<20, *tables, *rounds, *pool, *bin)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kind sandbox.Kind, bytes int64, tables, rounds, pool int, bin string) (err error) {
	dir, err := os.MkdirTemp("", "orchestrator-seed-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	servers := sandbox.Options{BufferPoolMB: pool}
	f, err := fleet.Start(ctx, fleet.Options{
		Programs: fleet.Programs{Seed: filepath.Join(bin, "orchestrator-seed"), Agent: filepath.Join(bin, "orchestrator-agent")},
		Dir:      dir, Kind: kind, Source: servers, Target: servers,
		Fill: func(ctx context.Context, s *sandbox.Server) error {
			return sandbox.Fill(ctx, s.Open(""), sandbox.FillOptions{NoObjects: true, Bytes: bytes, Tables: tables})
		},
	})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); cerr != nil && err == nil {
			err = cerr
		}
	}()
	fmt.Printf("%s, %d MiB in %d tables, buffer pools of %d MiB, %d rounds\n\n| round | by hand, s | whole seed, s | ratio |\n|---|---|---|---|\n",
		kind, bytes>>20, tables, pool, rounds)
	var ratios []float64
	for round := range rounds {
		hand, err := timed(ctx, f, func() error { return byHand(ctx, f, dir) })
		if err != nil {
			return err
		}
		seed, err := timed(ctx, f, func() error { return wholeSeed(ctx, f) })
		if err != nil {
			return err
		}
		ratios = append(ratios, seed.Seconds()/hand.Seconds())
		fmt.Printf("| %d | %.1f | %.1f | %.2f |\n", round+1, hand.Seconds(), seed.Seconds(), ratios[round])
	}
	slices.Sort(ratios)
	fmt.Printf("\nmedian ratio: %.2f\n", ratios[len(ratios)/2])
	return nil
}

// timed empties the target, settles both servers, and times f.
func timed(ctx context.Context, f *fleet.Fleet, do func() error) (time.Duration, error) {
	target := f.Target.Server.Open("")
	for _, statement := range []string{"STOP SLAVE", "RESET SLAVE ALL"} {
		if f.Target.Server.Kind.Modern() {
			statement = strings.ReplaceAll(statement, "SLAVE", "REPLICA")
		}
		if _, err := target.ExecContext(ctx, statement); err != nil {
			return 0, err
		}
	}
	rows, err := target.QueryContext(ctx, `SELECT SCHEMA_NAME FROM information_schema.SCHEMATA
		WHERE SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var schemas []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return 0, err
		}
		schemas = append(schemas, s)
	}
	for _, s := range schemas {
		if _, err := target.ExecContext(ctx, "DROP DATABASE `"+s+"`"); err != nil {
			return 0, err
		}
	}
	for _, a := range []*fleet.Agent{f.Source, f.Target} { // clean buffer pools for both ways
		if err := a.Server.Stop(ctx); err != nil {
			return 0, err
		}
		if err := a.Server.Restart(ctx); err != nil {
			return 0, err
		}
		if err := a.Registered(ctx); err != nil {
			return 0, err
		}
	}
	syscall.Sync()
	began := time.Now()
	err = do()
	return time.Since(began), err
}

// byHand is what the manual says: one dump into a file, one load from it.
func byHand(ctx context.Context, f *fleet.Fleet, dir string) error {
	file := filepath.Join(dir, "by-hand.sql")
	defer os.Remove(file)
	source := "--master-data=2"
	if f.Source.Server.Kind.Modern() {
		source = "--source-data=2"
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	err = tool(ctx, f, f.Source, "mysqldump", nil, out, "--single-transaction", source, "--routines", "--events", "--triggers", "--databases", "sbtest")
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	return tool(ctx, f, f.Target, "mysql", in, nil)
}

func tool(ctx context.Context, f *fleet.Fleet, at *fleet.Agent, name string, in, out *os.File, args ...string) error {
	bin, err := sandbox.Bin(at.Server.Kind)
	if err != nil {
		return err
	}
	args = append([]string{"--defaults-file=" + at.Server.Defaults, "--host=" + at.Host, fmt.Sprintf("--port=%d", at.Server.Port), "--user=" + sandbox.AdminUser}, args...)
	cmd := exec.CommandContext(ctx, filepath.Join(bin, name), args...)
	cmd.Env = append(os.Environ(), "MYSQL_PWD="+f.Source.Server.Passwords.Admin)
	var stderr strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, stderr.String())
	}
	return nil
}

func wholeSeed(ctx context.Context, f *fleet.Fleet) error {
	id, err := f.Seed(ctx, agentapi.Mysqldump)
	if err != nil {
		return err
	}
	s, err := f.WaitEnd(ctx, id, time.Hour)
	if err == nil && s.Status != agentapi.Completed {
		err = fmt.Errorf("the seed ended as %s: %s\n%s", s.Status, s.ErrorText, f.Story(ctx, id))
	}
	return err
}
