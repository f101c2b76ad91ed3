// Command mysqldump measures the seed method Mysqldump against what people do by hand, "mysqldump > file; mysql < file",
// on the same two servers with the same settings, alternately. script/bench calls it; docs/methods/mysqldump.md shows what
// came out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

type bench struct {
	source, target *sandbox.Server
	dir, bin       string
	streams        int
}

// took is one run: the dump, the load and both.
type took struct{ dump, load time.Duration }

func (t took) all() time.Duration { return t.dump + t.load }

func main() {
	mib := flag.Int64("mib", 256, "size of the data, MiB")
	tables := flag.Int("tables", 8, "number of tables")
	rounds := flag.Int("rounds", 2, "runs of each way")
	pool := flag.Int("pool", 256, "InnoDB buffer pool of each server, MiB")
	streams := flag.Int("streams", 0, "streams that load; 0 is the agent's default")
	kind := flag.String("kind", string(sandbox.MariaDB), "kind of server")
	durable := flag.Bool("durable", false, "innodb_flush_log_at_trx_commit=1 and sync_binlog=1 on both")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k, err := sandbox.ParseKind(*kind)
	if err == nil {
		o := sandbox.Options{Kind: k, BufferPoolMB: *pool}
		if *durable {
			o.Extra = []string{"innodb_flush_log_at_trx_commit=1", "sync_binlog=1"}
		}
		err = run(ctx, o, sandbox.FillOptions{NoObjects: true, Bytes: *mib << 20, Tables: *tables}, *rounds, *streams)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o sandbox.Options, fill sandbox.FillOptions, rounds, streams int) (err error) {
	b := &bench{streams: streams}
	if b.bin, err = sandbox.Bin(o.Kind); err != nil {
		return err
	}
	if err := os.Setenv("PATH", b.bin+":"+os.Getenv("PATH")); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "seed-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	for _, s := range []**sandbox.Server{&b.source, &b.target} {
		if *s, err = sandbox.Start(ctx, o); err != nil {
			return err
		}
		defer (*s).Close()
	}
	db := b.source.Open("")
	defer db.Close()
	if err := sandbox.Fill(ctx, db, fill); err != nil {
		return err
	}
	var results [3][]took
	for range rounds {
		for i, way := range []func(context.Context) (took, error){b.byHand(""), b.byHand("SET SESSION sql_log_bin=0"), b.ours} {
			t, err := way(ctx)
			if err != nil {
				return err
			}
			results[i] = append(results[i], t)
			fmt.Fprintf(os.Stderr, "%d: dump %.1f s, load %.1f s\n", i, t.dump.Seconds(), t.load.Seconds())
		}
	}
	fmt.Printf("%s, %d MiB in %d tables, buffer pool %d MiB, best of %d\n\n", o.Kind, fill.Bytes>>20, fill.Tables, o.BufferPoolMB, rounds)
	fmt.Println("| way | dump | load | both | ratio |\n|---|---|---|---|---|")
	hand := best(results[0])
	for i, name := range []string{"by hand", "by hand, binary log off while loading", "Mysqldump"} {
		t := best(results[i])
		fmt.Printf("| %s | %.1f s | %.1f s | %.1f s | %.2f |\n", name, t.dump.Seconds(), t.load.Seconds(), t.all().Seconds(),
			t.all().Seconds()/hand.all().Seconds())
	}
	return nil
}

func best(runs []took) took {
	b := runs[0]
	for _, t := range runs {
		if t.all() < b.all() {
			b = t
		}
	}
	return b
}

func (b *bench) empty(ctx context.Context) error {
	db := b.target.Open("")
	defer db.Close()
	_, err := db.ExecContext(ctx, "DROP DATABASE IF EXISTS sbtest")
	return err
}

// byHand is mysqldump into a file, and mysql from it.
func (b *bench) byHand(init string) func(context.Context) (took, error) {
	return func(ctx context.Context) (t took, err error) {
		if err := b.empty(ctx); err != nil {
			return t, err
		}
		file := filepath.Join(b.dir, "by-hand.sql")
		defer os.Remove(file)
		position := "--master-data=2"
		if b.source.Kind == sandbox.MySQL97 {
			position = "--source-data=2"
		}
		t.dump, err = b.client(ctx, b.source, "mysqldump", "", file, "--single-transaction", position, "--databases", "sbtest")
		if err != nil {
			return t, err
		}
		var args []string
		if init != "" {
			args = []string{"--init-command=" + init}
		}
		t.load, err = b.client(ctx, b.target, "mysql", file, "", args...)
		return t, err
	}
}

func (b *bench) client(ctx context.Context, s *sandbox.Server, program, in, out string, args ...string) (time.Duration, error) {
	servers := host.NewMySQL(host.MySQLOptions{User: sandbox.AdminUser, Password: "sandbox-password", Host: s.Host, Port: s.Port})
	defaults, err := servers.DefaultsFile(b.dir, servers.Local())
	if err != nil {
		return 0, err
	}
	defer os.Remove(defaults)
	c := exec.CommandContext(ctx, program, append([]string{"--defaults-file=" + defaults}, args...)...)
	c.Stderr = os.Stderr
	if in != "" {
		f, err := os.Open(in)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		c.Stdin = f
	}
	if out != "" {
		f, err := os.Create(out)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		c.Stdout = f
	}
	start := time.Now()
	if err := c.Run(); err != nil {
		return 0, fmt.Errorf("%s %s on %s: %w", program, strconv.Quote(fmt.Sprint(args)), s.Address(), err)
	}
	return time.Since(start), nil
}

// ours is the method as the agent runs it, the proof of the dump and the accounts included.
func (b *bench) ours(ctx context.Context) (t took, err error) {
	dir, err := os.MkdirTemp(b.dir, "seed-")
	if err != nil {
		return t, err
	}
	servers := host.NewMySQL(host.MySQLOptions{User: sandbox.AdminUser, Password: "sandbox-password", Host: b.target.Host, Port: b.target.Port})
	m, err := mysqldump.New(mysqldump.Options{Servers: servers, Streams: b.streams})
	if err != nil {
		return t, err
	}
	w := &method.Work{SeedID: 1, Attempt: 1, Side: agentapi.Target, PeerHost: b.source.Host, SourceMySQLPort: b.source.Port, Dir: dir, Run: quiet{}}
	start := time.Now()
	if err := m.Backup(ctx, w); err != nil {
		return t, err
	}
	t.dump, start = time.Since(start), time.Now()
	if err := m.Restore(ctx, w); err != nil {
		return t, err
	}
	t.load = time.Since(start)
	return t, m.Cleanup(ctx, w)
}
