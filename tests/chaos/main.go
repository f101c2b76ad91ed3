package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func main() {
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()%1e6), "the number that decides what is done to whom and when")
	minutes := flag.Float64("minutes", 5, "how long new rounds are begun")
	mysql := flag.Bool("mysql", true, "a pair of MySQL 9.7 too, for ClonePlugin")
	built := flag.String("programs", "", "the directory of programs that are built already; none: they are built")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	kinds := []sandbox.Kind{sandbox.MariaDB, sandbox.MariaDB}
	if *mysql {
		kinds = append(kinds, sandbox.MySQL97)
	}
	if err := run(ctx, *seed, time.Duration(*minutes*float64(time.Minute)), *built, kinds); err != nil {
		fmt.Fprintf(os.Stderr, "\n%v\nreplay: script/chaos --seed %d --minutes %g --mysql=%v\n", err, *seed, *minutes, *mysql)
		os.Exit(1)
	}
}

// run has its way with a world for that long, and prints the table. On failure the world's directory is left.
func run(ctx context.Context, seed uint64, lasts time.Duration, built string, kinds []sandbox.Kind) error {
	dir, err := os.MkdirTemp("", fmt.Sprintf("chaos-%d-", seed))
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the servers are other users
		return err
	}
	w, err := newWorld(ctx, seed, dir, built, kinds)
	if err != nil {
		return fmt.Errorf("start the world: %w", err)
	}
	w.tell("seed %d, %d pairs, in %s", seed, len(w.pairs), dir)
	err = w.run(ctx, time.Now().Add(lasts))
	kept := w.keepLogs(err)
	err = errors.Join(err, w.end())
	if err == nil {
		return os.RemoveAll(dir)
	}
	return fmt.Errorf("%w\nlogs: %s", err, kept)
}

// run has all pairs seeded, and the service struck, until then.
func (w *world) run(ctx context.Context, until time.Time) error {
	var pairs, service sync.WaitGroup
	over, stop := context.WithCancel(ctx)
	service.Go(func() {
		for n := 0; over.Err() == nil; n++ {
			b := planService(w.seed, n)
			if pause(over, b.after); over.Err() != nil {
				return
			}
			if err := w.strikeService(over, b); err != nil {
				w.add(line{pair: "service", n: n, err: err})
				return
			}
			w.blows++
		}
	})
	for _, p := range w.pairs {
		pairs.Go(func() { w.rounds(ctx, p, until) })
	}
	pairs.Wait()
	stop()
	service.Wait()
	fmt.Printf("\n| pair | round | method | what was done | the seed | the target | took |\n|---|---|---|---|---|---|---|\n")
	var errs []error
	for _, l := range w.table {
		fmt.Println(l)
		if l.err != nil {
			errs = append(errs, fmt.Errorf("%s, round %d: %w", l.pair, l.n, l.err))
		}
	}
	fmt.Printf("\nseed %d: %d seeds, %d blows to the service, %d wrong\n", w.seed, len(w.table), w.blows, len(errs))
	return errors.Join(errs...)
}

// keepLogs says where the logs are.
func (w *world) keepLogs(err error) string {
	if err == nil {
		return ""
	}
	logs, _ := filepath.Glob(filepath.Join(w.dir, "*", "*.log")) // the pattern is a good one
	more, _ := filepath.Glob(filepath.Join(w.dir, "*", "*", "*.log"))
	return fmt.Sprint(append(logs, more...))
}
