package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// settled is how many cycles pass before anything is measured: seeds are read and every agent is asked once.
const settled = 3

// cycles prints the table of cycles by the number of seeds.
func (b bench) cycles(ctx context.Context, be *backend) error {
	fmt.Printf("\nCycles of the bare ticker, every second, on %s; every look finds bytes moved\n\n", be.name)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "seeds\tmethod\tcycle, median\tlongest\tCPU of a cycle\tSQL per seed\tHTTP per seed\tRSS\t")
	for _, size := range b.sizes {
		for _, method := range []agent.Method{agentapi.Mydumper, agentapi.Xtrabackup} {
			if method == agentapi.Xtrabackup && size != 1000 {
				continue // both agents take part: that matters once
			}
			if err := b.cycle(ctx, be, w, size, method); err != nil {
				return err
			}
		}
	}
	return w.Flush()
}

func (b bench) cycle(ctx context.Context, be *backend, w *tabwriter.Writer, seeds int, method agent.Method) error {
	agents := seeds
	if method == agentapi.Xtrabackup {
		agents = 2 * seeds
	}
	f, err := startFleet(ctx, agents)
	if err != nil {
		return err
	}
	defer f.stop()
	s, _, err := be.filled(ctx, world{agents: agents, seeds: seeds, port: f.port, method: method})
	if err != nil {
		return err
	}
	defer s.Close()
	c, stop, err := runEngine(ctx, s, time.Second)
	if err != nil {
		return err
	}
	defer stop()
	if err := c.pass(ctx, settled); err != nil {
		return err
	}
	c.take()
	if _, err := f.take(ctx); err != nil {
		return err
	}
	before, err := be.statements(ctx)
	if err != nil {
		return err
	}
	used := cpu()
	if err := c.pass(ctx, b.rounds); err != nil {
		return err
	}
	used = cpu() - used
	after, err := be.statements(ctx)
	if err != nil {
		return err
	}
	seen, err := f.take(ctx)
	if err != nil {
		return err
	}
	took := c.take()
	slices.Sort(took)
	n := float64(len(took) * seeds)
	fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%.3f\t%.3f\t%s\t\n", seeds, method, ms(took[len(took)/2]), ms(took[len(took)-1]),
		ms(used/time.Duration(len(took))), float64(after-before)/n, float64(seen.Calls)/n, mib(rss(os.Getpid())))
	stop()
	runtime.GC()
	return nil
}

// hanging prints what ten agents of a hundred that never answer cost the others.
func (b bench) hanging(ctx context.Context, be *backend) error {
	f, err := startFleet(ctx, 100)
	if err != nil {
		return err
	}
	defer f.stop()
	s, _, err := be.filled(ctx, world{agents: 100, seeds: 100, port: f.port, method: agentapi.Mydumper})
	if err != nil {
		return err
	}
	defer s.Close()
	c, stop, err := runEngine(ctx, s, time.Second)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Printf("\n100 seeds on %s, a look every second: time between two looks at the 90 seeds whose agents answer\n\n", be.name)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "agents that hang\tlooks\tmedian\t99 %\tlongest\t")
	for _, hung := range []int{0, 10} {
		if err := f.hang(ctx, hung); err != nil {
			return err
		}
		if err := c.pass(ctx, settled); err != nil {
			return err
		}
		if _, err := f.take(ctx); err != nil {
			return err
		}
		select {
		case <-time.After(15 * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
		seen, err := f.take(ctx)
		if err != nil {
			return err
		}
		slices.Sort(seen.All)
		at := func(q float64) float64 { return seen.All[min(int(q*float64(len(seen.All))), len(seen.All)-1)] }
		fmt.Fprintf(w, "%d\t%d\t%.0f ms\t%.0f ms\t%.0f ms\t\n", hung, len(seen.All), at(0.5), at(0.99), at(1))
	}
	return w.Flush()
}

// cpu is the time that this process has used, of user and system.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func ms(d time.Duration) string { return fmt.Sprintf("%.0f ms", d.Seconds()*1000) }

func mib(bytes int64) string { return fmt.Sprintf("%.0f MB", float64(bytes)/1e6) }

// rss is the memory of a process; 0 when it can't be read.
func rss(pid int) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(raw), &size, &resident); err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}
