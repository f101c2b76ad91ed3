package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// bench is what is measured, and how.
type bench struct {
	backends []string // "sqlite" and kinds of the sandbox
	sizes    []int    // active seeds of a cycle
	rounds   int      // cycles of each size
	agents   int      // registered, for the service as a whole
	seeds    int      // active, for the service as a whole
	clients  int      // of its API
	seconds  int      // that clients call and agents register
	dir      string
}

func main() {
	b := bench{sizes: []int{100, 1000, 10000}}
	all := flag.Bool("all", false, "measure everything on SQLite and MySQL 9.7; takes less than six minutes")
	backends := flag.String("backends", "sqlite", "where the seeds are: sqlite, "+string(sandbox.MariaDB)+", "+string(sandbox.MySQL97)+", separated by commas")
	part := flag.String("part", "", "cycle, hang or service; all of them if empty")
	flag.IntVar(&b.rounds, "rounds", 12, "cycles of each size")
	flag.IntVar(&b.agents, "agents", 10000, "agents that are registered with the service")
	flag.IntVar(&b.seeds, "seeds", 1000, "active seeds of the service")
	flag.IntVar(&b.clients, "clients", 50, "clients of the service's API")
	flag.IntVar(&b.seconds, "seconds", 60, "for how long clients call, and all agents register anew")
	role := flag.String("role", "", "what this process is, when the benchmark starts itself: agents or service")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b.backends = strings.Split(*backends, ",")
	if *all {
		b.backends = []string{sqlite, string(sandbox.MySQL97)}
	}
	var err error
	switch *role {
	case "agents":
		err = runAgents(ctx, flag.Args())
	case "service":
		err = runService(ctx, flag.Args())
	case "":
		err = b.run(ctx, *part)
	default:
		err = fmt.Errorf("unknown role %q", *role)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

// run measures the parts on each backend and prints their tables as they are ready.
func (b bench) run(ctx context.Context, part string) error {
	var err error
	if b.dir, err = os.MkdirTemp("", "bench-engine-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	for _, name := range b.backends {
		backend, err := b.backend(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		err = b.measure(ctx, backend, part)
		if err := errors.Join(err, backend.close()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (b bench) measure(ctx context.Context, backend *backend, part string) error {
	if part == "" || part == "cycle" {
		if err := b.cycles(ctx, backend); err != nil {
			return fmt.Errorf("cycles: %w", err)
		}
	}
	if part == "" || part == "hang" {
		if err := b.hanging(ctx, backend); err != nil {
			return fmt.Errorf("agents that hang: %w", err)
		}
	}
	if part == "" || part == "service" {
		if err := b.service(ctx, backend); err != nil {
			return fmt.Errorf("service: %w", err)
		}
	}
	return nil
}
