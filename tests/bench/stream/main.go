// Command stream measures agentd/stream beside socat: the same file, from the page cache, through a pipe of `cat`, over
// loopback TCP, into a pipe of `cat` that throws it away. Throughput is by the wall, CPU seconds are those of all processes
// of the pipeline, the tools included.
//
//	go run ./tests/bench/stream --file FILE [--runs 5] [--modes socat,plain,tls] [--limit BYTES] [--compress off] [-- TOOL ARGUMENT...]
//
// TOOL is what reads the stream instead of `cat`.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/stream"
)

func main() {
	file := flag.String("file", "", "payload")
	runs := flag.Int("runs", 5, "runs of each mode, taken in turns")
	modes := flag.String("modes", "socat,plain,tls", "of socat, socat-big, plain, tls")
	limit := flag.Int64("limit", 0, "bytes a second; 0 none")
	compress := flag.String("compress", "auto", "auto, on, off (tls)")
	patience := flag.Duration("patience", time.Minute, "internal: of the part")
	part := flag.String("part", "", "internal: send or receive")
	mode := flag.String("mode", "", "internal: of the part")
	addr := flag.String("addr", "127.0.0.1:0", "internal: of the part; of --modes: where to listen")
	flag.Parse()
	var err error
	if *part != "" {
		err = runPart(context.Background(), *part, *mode, *addr, *file, *limit, *compress, *patience, flag.Args())
	} else {
		err = compare(*file, *runs, strings.Split(*modes, ","), *addr, flag.Args(), *limit, *compress)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type result struct{ seconds, cpu, memory float64 }

func compare(file string, runs int, modes []string, addr string, sink []string, limit int64, compress string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	results := map[string][]result{}
	for range runs {
		for _, mode := range modes {
			r, err := once(mode, addr, file, limit, compress, sink)
			if err != nil {
				return fmt.Errorf("%s: %w", mode, err)
			}
			results[mode] = append(results[mode], r)
		}
	}
	gb := float64(info.Size()) / 1e9
	fmt.Printf("%d bytes, %d runs, medians\n%-10s %10s %14s %12s\n", info.Size(), runs, "mode", "MB/s", "CPU s per GB", "peak RSS MB")
	for _, mode := range modes {
		all := results[mode]
		mid := func(f func(result) float64) float64 {
			v := make([]float64, 0, len(all))
			for _, r := range all {
				v = append(v, f(r))
			}
			slices.Sort(v)
			return v[len(v)/2]
		}
		fmt.Printf("%-10s %10.0f %14.3f %12.0f\n", mode, 1000*gb/mid(func(r result) float64 { return r.seconds }),
			mid(func(r result) float64 { return r.cpu })/gb, mid(func(r result) float64 { return r.memory }))
	}
	return nil
}

// once runs one pipeline of two processes; each starts its tool.
func once(mode, addr, file string, limit int64, compress string, sink []string) (result, error) {
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	common := []string{"--mode", mode, "--file", file, "--limit", fmt.Sprint(limit), "--compress", compress}
	rest := append([]string{"--"}, sink...)
	recv := exec.Command(self, append(append(slices.Clone(common), "--part", "receive", "--addr", addr), rest...)...)
	recv.Stderr = os.Stderr
	out, err := recv.StdoutPipe()
	if err != nil {
		return result{}, err
	}
	if err := recv.Start(); err != nil {
		return result{}, err
	}
	var at string
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		return result{}, err
	}
	start := time.Now()
	send := exec.Command(self, append(common, "--part", "send", "--addr", at)...)
	send.Stderr = os.Stderr
	if err := errors.Join(send.Run(), recv.Wait()); err != nil {
		return result{}, err
	}
	r := result{seconds: time.Since(start).Seconds()}
	for _, p := range []*os.ProcessState{send.ProcessState, recv.ProcessState} {
		r.cpu += (p.UserTime() + p.SystemTime()).Seconds()
		if u, ok := p.SysUsage().(*syscall.Rusage); ok {
			r.memory = max(r.memory, float64(u.Maxrss)/1000)
		}
	}
	return r, nil
}

func runPart(ctx context.Context, part, mode, addr, file string, limit int64, compress string, patience time.Duration, sink []string) error {
	if part == "send" {
		return send(ctx, mode, addr, file, limit, compress, patience)
	}
	return receive(ctx, mode, addr, sink)
}

func send(ctx context.Context, mode, addr, file string, limit int64, compress string, patience time.Duration) error {
	tool := exec.Command("cat", file)
	tool.Stderr = os.Stderr
	out, err := tool.StdoutPipe()
	if err != nil {
		return err
	}
	if err := tool.Start(); err != nil {
		return err
	}
	packing, err := stream.ParseCompression(compress)
	if err != nil {
		return err
	}
	bound := func() int64 { return limit }
	switch mode {
	case "plain":
		_, err = stream.SendPlain(ctx, addr, out, tool.Wait, stream.PlainOptions{Limit: bound, Patience: patience})
	case "tls":
		_, err = stream.Send(ctx, addr, out, tool.Wait, stream.Options{Secret: secret, Limit: bound, Compress: packing, Patience: patience})
	default:
		args := append(block(mode), "-u", "-", "TCP:"+addr+",retry=100,interval=0.01")
		socat := exec.Command("socat", args...)
		socat.Stdin, socat.Stderr = out, os.Stderr
		if err := socat.Run(); err != nil {
			return err
		}
		err = tool.Wait()
	}
	return err
}

func block(mode string) []string {
	if mode == "socat-big" {
		return []string{"-b", "262144"}
	}
	return nil
}

const secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

func receive(ctx context.Context, mode, addr string, sink []string) error {
	if len(sink) == 0 {
		sink = []string{"cat"}
	}
	tool := exec.Command(sink[0], sink[1:]...)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	tool.Stdout, tool.Stderr = null, os.Stderr
	in, err := tool.StdinPipe()
	if err != nil {
		return err
	}
	if err := tool.Start(); err != nil {
		return err
	}
	ended := func() error { return errors.Join(in.Close(), tool.Wait()) }
	switch mode {
	case "plain":
		r, err := stream.ListenPlain(ctx, addr, stream.PlainOptions{})
		if err != nil {
			return err
		}
		tell(r.Addr())
		_, err = r.Receive(ctx, in, ended)
		return err
	case "tls":
		r, err := stream.Listen(ctx, addr, stream.Options{Secret: secret})
		if err != nil {
			return err
		}
		tell(r.Addr())
		sum, err := r.Receive(ctx, in, ended)
		fmt.Fprintf(os.Stderr, "%+v\n", sum)
		return err
	}
	return socatReceive(mode, addr, in, ended)
}

// socatReceive takes a free port, then gives it to socat.
func socatReceive(mode, addr string, in io.WriteCloser, ended func() error) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err = errors.Join(err, ln.Close()); err != nil {
		return err
	}
	args := append(block(mode), "-u", "TCP-LISTEN:"+port+",bind="+host+",reuseaddr", "-")
	socat := exec.Command("socat", args...)
	socat.Stdout, socat.Stderr = in, os.Stderr
	if err := socat.Start(); err != nil {
		return err
	}
	tell(ln.Addr())
	return errors.Join(socat.Wait(), ended())
}

func tell(addr net.Addr) { _ = json.NewEncoder(os.Stdout).Encode(addr.String()) }
