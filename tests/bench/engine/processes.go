package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// child is a process of this program in another role.
type child struct {
	cmd  *exec.Cmd
	in   io.Closer // its end is the child's
	said string    // its first line: it is ready
}

// startChild starts this program in that role and waits until it says that it is ready.
func startChild(ctx context.Context, role string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, self, append([]string{"--role", role, "--"}, args...)...)}
	c.cmd.Stderr = os.Stderr
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	if c.said, err = bufio.NewReader(out).ReadString('\n'); err != nil {
		c.stop()
		return nil, fmt.Errorf("process of %s: %w", role, err)
	}
	c.said = strings.TrimSpace(c.said)
	return c, nil
}

// stop ends the process and waits for it.
func (c *child) stop() {
	_ = c.in.Close()
	_ = c.cmd.Wait() // what it ended with has been said on standard error
}

// fleet is agents in processes of their own.
type fleet struct {
	port     int
	parts    []*child
	controls []string // addresses
}

// agentsAtMost is how many agents one process has: each has a listener, and connections.
const agentsAtMost = 5000

func startFleet(ctx context.Context, n int) (*fleet, error) {
	l, err := net.Listen("tcp", agentName(0)+":0")
	if err != nil {
		return nil, err
	}
	f := &fleet{port: l.Addr().(*net.TCPAddr).Port}
	if err := l.Close(); err != nil {
		return nil, err
	}
	for first := 0; first < n; first += agentsAtMost {
		c, err := startChild(ctx, "agents", strconv.Itoa(first), strconv.Itoa(min(agentsAtMost, n-first)), strconv.Itoa(f.port))
		if err != nil {
			f.stop()
			return nil, err
		}
		f.parts, f.controls = append(f.parts, c), append(f.controls, c.said)
	}
	return f, nil
}

func (f *fleet) stop() {
	for _, c := range f.parts {
		c.stop()
	}
}

// take returns what all agents have seen since the last time.
func (f *fleet) take(ctx context.Context) (stats, error) {
	var sum stats
	for _, c := range f.controls {
		var s stats
		if err := getJSON(ctx, "http://"+c+"/take", &s); err != nil {
			return sum, err
		}
		sum.Calls += s.Calls
		sum.Longest = append(sum.Longest, s.Longest...)
		sum.All = append(sum.All, s.All...)
	}
	return sum, nil
}

// hang has the first n agents never answer again.
func (f *fleet) hang(ctx context.Context, n int) error {
	for _, c := range f.controls {
		if err := getJSON(ctx, fmt.Sprintf("http://%s/hang?n=%d", c, n), nil); err != nil {
			return err
		}
	}
	return nil
}

func getJSON(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// runAgents is the role of agents: first, how many and port are its arguments; it says where it can be asked.
func runAgents(ctx context.Context, args []string) error {
	var n [3]int
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(args[i]); err != nil {
			return err
		}
	}
	a, err := serveAgents(n[0], n[1], n[2])
	if err != nil {
		return err
	}
	defer a.close()
	mux := http.NewServeMux()
	mux.HandleFunc("/take", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(a.take()) })
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) {
		count, _ := strconv.ParseInt(r.URL.Query().Get("n"), 10, 64)
		a.hang.Store(count)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	control := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = control.Serve(l) }() // ends with the process
	defer control.Close()
	fmt.Println(l.Addr())
	return untilEOF(ctx)
}

// untilEOF waits for the end of standard input, which is that of the benchmark.
func untilEOF(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		ended <- err
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return nil
	}
}
