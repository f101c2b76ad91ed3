// Command seed measures a whole seed, from the request to the proven replica, with the real programs, against what people do
// by hand with the same tools. Both run on the same two servers, with the same settings and data, in turn; the table shows
// time, CPU seconds of the tools and agents for each GiB, and their ratios.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// bench is what is measured.
type bench struct {
	method agentapi.Method
	kind   sandbox.Kind
	data   data
	bytes  int64
	tables int
	rounds int
	pool   int
	bin    string // directory of our programs
	dir    string
}

func main() {
	b := bench{}
	mib := flag.Int64("mib", 1024, "size of the data, MiB")
	flag.IntVar(&b.tables, "tables", 8, "number of tables")
	flag.IntVar(&b.rounds, "rounds", 3, "runs of each way")
	flag.IntVar(&b.pool, "pool", 256, "InnoDB buffer pool of each server, MiB")
	flag.StringVar(&b.bin, "bin", "bin", "directory of the two programs")
	kind := flag.String("kind", string(sandbox.MariaDB), "kind of server")
	method := flag.String("method", string(agentapi.Mysqldump), "Mysqldump, Mydumper, Xtrabackup or ClonePlugin")
	content := flag.String("data", string(mixed), "mixed (as sysbench makes it), random (can't be compressed) or text (compresses well)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b.bytes = *mib << 20
	var err error
	if b.kind, err = sandbox.ParseKind(*kind); err == nil {
		b.method, err = agentapi.ParseMethod(*method)
	}
	if err == nil {
		b.data, err = parseData(*content)
	}
	if err == nil {
		err = b.run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// enabled are the parts of an agent's configuration that turn a method on.
var enabled = map[agentapi.Method]map[string]map[string]any{
	agentapi.Mydumper: {"mydumper": {"enabled": true}}, agentapi.Xtrabackup: {"xtrabackup": {"enabled": true}},
	agentapi.ClonePlugin: {"clone_plugin": {"enabled": true, "install-plugin": true}},
}

func (b *bench) run(ctx context.Context) (err error) {
	hand, known := byHands[b.method]
	if !known {
		return fmt.Errorf("there is no way by hand to hold %s against", b.method)
	}
	if b.dir, err = os.MkdirTemp("", "orchestrator-seed-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	servers := sandbox.Options{BufferPoolMB: b.pool}
	f, err := fleet.Start(ctx, fleet.Options{
		Programs: fleet.Programs{Seed: filepath.Join(b.bin, "orchestrator-seed"), Agent: filepath.Join(b.bin, "orchestrator-agent")},
		Dir:      b.dir, Kind: b.kind, Source: servers, Target: servers, AgentConfig: enabled[b.method],
		Fill: b.fill,
	})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); cerr != nil && err == nil {
			err = cerr
		}
	}()
	fmt.Printf("%s, %s, %d MiB (%s) in %d tables, buffer pools of %d MiB, %d rounds; load of the machine before: %s\n\n",
		b.method, b.kind, b.bytes>>20, b.data, b.tables, b.pool, b.rounds, load())
	fmt.Print("| round | by hand, s | seed, s | ratio | by hand, CPU s/GiB | seed, CPU s/GiB | ratio |\n|---|---|---|---|---|---|---|\n")
	var ratios, hands, seeds, copies []float64
	var alone strings.Builder
	for round := range b.rounds {
		byHand, err := b.timed(ctx, f, func(u *usage) error { return hand(&manual{bench: b, f: f, used: u}, ctx) })
		if err != nil {
			return err
		}
		seed, err := b.timed(ctx, f, func(u *usage) error { return b.wholeSeed(ctx, f, u) })
		if err != nil {
			return err
		}
		gib := float64(b.bytes) / (1 << 30)
		ratios, hands, seeds = append(ratios, seed.took/byHand.took), append(hands, byHand.cpu), append(seeds, seed.cpu)
		if byHand.copy > 0 && seed.copy > 0 {
			copies = append(copies, byHand.copy/seed.copy)
			fmt.Fprintf(&alone, "round %d: the copy alone took %.1f s by hand and %.1f s in the seed's Backup, %.2f of the throughput by hand\n",
				round+1, byHand.copy, seed.copy, byHand.copy/seed.copy)
		}
		fmt.Printf("| %d | %.1f | %.1f | %.2f | %.1f | %.1f | %s |\n", round+1, byHand.took, seed.took, ratios[round], byHand.cpu/gib, seed.cpu/gib, over(seed.cpu, byHand.cpu))
	}
	fmt.Printf("\nmedian ratio: time %.2f, CPU %s; load of the machine after: %s\n", median(ratios), over(median(seeds), median(hands)), load())
	fmt.Printf("most memory of an agent: %d MiB on the source, %d MiB on the target\n", peakMiB(f.Source.Process.Pid()), peakMiB(f.Target.Process.Pid()))
	if len(copies) > 0 {
		fmt.Printf("\n%smedian throughput of the copy: %.2f of that by hand\n", alone.String(), median(copies))
	}
	return nil
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// load is the machine's load average: what other work took part in the figures.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:2], " ")
}

// timed empties the target, settles both servers, and times f.
func (b *bench) timed(ctx context.Context, f *fleet.Fleet, do func(*usage) error) (*usage, error) {
	target := f.Target.Server.Open("")
	for _, statement := range []string{"STOP SLAVE", "RESET SLAVE ALL"} {
		if f.Target.Server.Kind.Modern() {
			statement = strings.ReplaceAll(statement, "SLAVE", "REPLICA")
		}
		if _, err := target.ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	rows, err := target.QueryContext(ctx, `SELECT SCHEMA_NAME FROM information_schema.SCHEMATA
		WHERE SCHEMA_NAME NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var schemas []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		schemas = append(schemas, s)
	}
	for _, s := range schemas {
		if _, err := target.ExecContext(ctx, "DROP DATABASE `"+s+"`"); err != nil {
			return nil, err
		}
	}
	for _, a := range []*fleet.Agent{f.Source, f.Target} { // clean buffer pools for both ways
		if err := a.Server.Stop(ctx); err != nil {
			return nil, err
		}
		if err := a.Server.Restart(ctx); err != nil {
			return nil, err
		}
		if err := a.Registered(ctx); err != nil {
			return nil, err
		}
	}
	syscall.Sync()
	var u usage
	began := time.Now()
	err = do(&u)
	u.took = time.Since(began).Seconds()
	return &u, err
}

// wholeSeed is a seed by the service, until it has ended.
func (b *bench) wholeSeed(ctx context.Context, f *fleet.Fleet, u *usage) error {
	before := cpuOf(f.Source.Process.Pid()) + cpuOf(f.Target.Process.Pid())
	id, err := f.Seed(ctx, b.method)
	if err != nil {
		return err
	}
	s, err := f.WaitEnd(ctx, id, time.Hour)
	if err == nil && s.Status != agentapi.Completed {
		err = fmt.Errorf("the seed ended as %s: %s\n%s", s.Status, s.ErrorText, f.Story(ctx, id))
	}
	u.cpu = cpuOf(f.Source.Process.Pid()) + cpuOf(f.Target.Process.Pid()) - before
	if err != nil || s.BackupSide != agentapi.Source {
		return err
	}
	u.copy, err = backupTook(f.Source, id)
	return err
}

// backupTook is how long Backup ran on the source, as its agent's journal has it.
func backupTook(a *fleet.Agent, id int64) (float64, error) {
	text, err := os.ReadFile(filepath.Join(a.StateDir, "seeds", fmt.Sprintf("seed-%d.json", id)))
	if err != nil {
		return 0, err
	}
	var e journal.Entry
	if err := json.Unmarshal(text, &e); err != nil {
		return 0, err
	}
	st := e.Stages[agentapi.Backup]
	if st == nil {
		return 0, fmt.Errorf("the journal of %s has no Backup", a.Host)
	}
	return st.Changed.Sub(st.Started).Seconds(), nil
}
