package xtrabackup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/stream"
)

// pipeSize is what the pipes between tools and agent hold; the kernel's bound for users without privileges.
const pipeSize = 1 << 20

// workDir is the directory, below the seed's own, for what the tool keeps beside its stream.
const workDir = "tool"

// send is Backup on the source: the tool's output goes to the target.
func (m *Xtrabackup) send(ctx context.Context, w *method.Work) (err error) {
	s, err := m.checkSource(ctx)
	if err != nil {
		return err
	}
	if err := clean(w.Dir); err != nil {
		return err
	}
	dir := filepath.Join(w.Dir, workDir)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("make a directory for %s: %w", s.tool.name(), err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	defaults, err := m.o.Servers.DefaultsFile(dir, m.o.Servers.Local())
	if err != nil {
		return err
	}
	b := &backup{m: m, w: w, s: s, args: s.tool.backupArguments(defaults, dir, &m.extra)}
	b.total.Store(cmp.Or(s.size(ctx), w.Terms.SourceBytes))
	return b.run(ctx)
}

// backup is one run of the tool on the source.
type backup struct {
	m     *Xtrabackup
	w     *method.Work
	s     *source
	args  []string
	total atomic.Int64
	bytes atomic.Int64
	what  atomic.Pointer[string]
	tool  error // how the tool ended, when that was badly
}

func (b *backup) run(ctx context.Context) error {
	t, w := b.s.tool, b.w
	life, stop := context.WithCancel(ctx)
	defer stop()
	addr := net.JoinHostPort(w.PeerHost, strconv.Itoa(cmp.Or(w.Terms.DataPort, b.m.o.Port)))
	w.Run.Say(fmt.Sprintf("copying about %s of %s %s with %s, %d threads, to %s", method.Size(b.total.Load()), b.s.server.Flavour, b.s.server.Version, t.text, b.m.extra.threads(), addr))
	cmd := w.Run.Command(life, nil, t.path, b.args...)
	messages := &said{on: b.heard}
	cmd.Stderr = messages
	out, in, err := pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	cmd.Stdout = in
	err = cmd.Start()
	in.Close() // the tool has its own
	if err != nil {
		return failed(CodeTool, "", err, "start %s", t.name())
	}
	waited := false
	ended := func() error {
		waited = true
		b.tool = t.ended(cmd.Wait(), messages)
		return b.tool
	}
	sum, err := b.m.sendTo(ctx, w, addr, out, ended, b.progress)
	if err != nil && !waited {
		stop() // it must not wait for a reader that is gone
		cmd.Wait()
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case b.tool != nil:
		return b.tool
	case err != nil:
		return err
	}
	w.Run.Progress(sum.Bytes, sum.Bytes, "sent")
	w.Run.Say(sent(sum))
	return nil
}

// sendTo sends by the stream of our agents, or by the plain one where the other agent is not ours.
func (m *Xtrabackup) sendTo(ctx context.Context, w *method.Work, addr string, out *os.File, ended func() error, progress func(stream.Progress)) (stream.Summary, error) {
	if w.Terms.Secret != "" {
		return stream.Send(ctx, addr, out, ended, stream.Options{
			Secret: w.Terms.Secret, SeedID: w.SeedID, Compress: m.o.Compress, Limit: w.Run.Limit, Progress: progress, Logger: m.log,
		})
	}
	o := stream.PlainOptions{Limit: w.Run.Limit, Progress: progress, Logger: m.log}
	if m.o.PlainClient != nil {
		var err error
		if o.TLS, err = m.o.PlainClient(); err != nil {
			return stream.Summary{}, fmt.Errorf("socat-use-ssl: %w", err)
		}
	}
	return stream.SendPlain(ctx, addr, out, ended, o)
}

func sent(sum stream.Summary) string {
	text := fmt.Sprintf("sent %s", method.Size(sum.Bytes))
	if sum.Compressed {
		text += fmt.Sprintf(", %s on the line", method.Size(sum.Wire))
	}
	if sum.Reconnects > 0 {
		text += fmt.Sprintf(", after %d breaks of the connection", sum.Reconnects)
	}
	return text
}

// heard takes a line of the tool's.
func (b *backup) heard(text string) {
	what := doing(text)
	if what == "" {
		return
	}
	b.what.Store(&what)
	if !strings.HasPrefix(what, "copying ") { // locks are shown also while no byte moves
		b.w.Run.Progress(b.bytes.Load(), b.total.Load(), what)
	}
}

func (b *backup) progress(p stream.Progress) {
	b.bytes.Store(p.Bytes)
	what := "copying"
	if w := b.what.Load(); w != nil {
		what = *w
	}
	b.total.Store(max(b.total.Load(), p.Bytes))
	b.w.Run.Progress(p.Bytes, b.total.Load(), what)
}

// pipe makes a pipe that holds more than usual.
func pipe() (out, in *os.File, err error) {
	if out, in, err = os.Pipe(); err != nil {
		return nil, nil, fmt.Errorf("make a pipe: %w", err)
	}
	if c, err := in.SyscallConn(); err == nil {
		_ = c.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) }) // it works with less too
	}
	return out, in, nil
}
