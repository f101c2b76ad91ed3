package xtrabackup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/datadir"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/stream"
)

// receiver is the receiving end of either stream.
type receiver interface {
	Addr() net.Addr
	Receive(ctx context.Context, dst io.Writer, ended func() error) (stream.Summary, error)
	Close() error
}

var (
	_ receiver = (*stream.Receiver)(nil)
	_ receiver = (*stream.PlainReceiver)(nil)
)

// open is Prepare on the target: a place for the new data, and the receiving end, which goes on when the stage is over.
func (m *Xtrabackup) open(ctx context.Context, w *method.Work) error {
	t, err := m.localTool(ctx)
	if err != nil {
		return err
	}
	if m.extra.compress {
		if err := t.canDecompress(); err != nil {
			return err
		}
	}
	if err := clean(w.Dir); err != nil {
		return err
	}
	if err := w.Run.Remember(stateKey, restoreState{}); err != nil {
		return err
	}
	place, err := m.o.Keeper.Begin(ctx, w, w.Terms.SourceBytes)
	if err != nil {
		return err
	}
	// The receiving end listens before the stage completes, and goes on until the sender has come and gone.
	u := &unpacking{m: m, t: t, place: place, id: w.SeedID, terms: w.Terms.Secret, total: w.Terms.SourceBytes, ready: make(chan error, 1)}
	if err := w.Run.Background(u.run); err != nil {
		return err
	}
	select {
	case err = <-u.ready:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	w.Run.Say(fmt.Sprintf("waiting for the data at %s, to be unpacked by %s into %s", u.at, filepath.Base(t.stream), place.Receive))
	return nil
}

// unpacking is the run in the background.
type unpacking struct {
	m     *Xtrabackup
	t     *tool
	place *datadir.Place
	id    int64
	terms string // the stream's secret
	total int64
	at    net.Addr
	ready chan error
}

func (u *unpacking) listen(ctx context.Context, run method.Runner) (receiver, error) {
	addr := net.JoinHostPort(u.m.o.Bind, strconv.Itoa(u.m.o.Port))
	progress := func(p stream.Progress) {
		u.total = max(u.total, p.Bytes)
		run.Progress(p.Bytes, u.total, "receiving and unpacking")
	}
	if u.terms != "" {
		return stream.Listen(ctx, addr, stream.Options{Secret: u.terms, SeedID: u.id, Progress: progress, Logger: u.m.log})
	}
	o := stream.PlainOptions{Progress: progress, Logger: u.m.log}
	if u.m.o.PlainServer != nil {
		var err error
		if o.TLS, err = u.m.o.PlainServer(); err != nil {
			return nil, fmt.Errorf("socat-use-ssl: %w", err)
		}
	}
	return stream.ListenPlain(ctx, addr, o)
}

func (u *unpacking) run(ctx context.Context, run method.Runner) error {
	in, err := u.listen(ctx, run)
	if err == nil {
		u.at = in.Addr()
	}
	u.ready <- err
	if err != nil {
		return err
	}
	defer in.Close()
	p, err := u.start(ctx, run)
	if err != nil {
		return err
	}
	var dst io.Writer = p // its errors are told to the sender
	if u.terms == "" {
		dst = p.in // which the bytes reach within the kernel
	}
	taking, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	go func() {
		<-p.done
		if err := p.end(); err != nil {
			fail(err) // the sender learns it now, not with its next byte
		}
	}()
	sum, err := in.Receive(taking, dst, func() error { return u.whole(p) })
	if errors.Is(err, syscall.EPIPE) {
		p.broken.Store(true)
		p.end() // it ended by itself, and says why
	}
	if err != nil {
		p.abandon()
		if p.failure != nil && ctx.Err() == nil {
			return p.failure // what the stream says is only what came of it
		}
		return cause(ctx, err)
	}
	if err := run.Remember(receivedKey, sum.Bytes); err != nil {
		return err
	}
	run.Progress(sum.Bytes, sum.Bytes, "received")
	run.Say(strings.Replace(sent(sum), "sent", "received", 1))
	return nil
}

// whole says whether everything arrived, when the stream is at its end: now the seed can still begin again by itself. What
// has to be decompressed first is looked at in Restore.
func (u *unpacking) whole(p *unpacker) error {
	if err := p.end(); err != nil {
		return err
	}
	packed, err := compressed(u.place.Receive)
	if err != nil || packed {
		return err
	}
	_, err = prove(u.place.Receive, u.t)
	return err
}

// unpacker is the program that unpacks, as a writer.
type unpacker struct {
	cmd     *method.Cmd
	in      *os.File
	stop    context.CancelFunc
	name    string
	dir     string
	said    *said
	done    chan struct{} // closed when it has ended
	status  error         // as Wait told it, from then on
	broken  atomic.Bool   // it takes no more input
	once    sync.Once
	failure error // why it ended badly
}

func (u *unpacking) start(ctx context.Context, run method.Runner) (*unpacker, error) {
	ctx, stop := context.WithCancel(ctx)
	p := &unpacker{stop: stop, name: filepath.Base(u.t.stream), dir: u.place.Receive, said: &said{}, done: make(chan struct{})}
	out, in, err := pipe()
	if err != nil {
		stop()
		return nil, err
	}
	p.in = in
	p.cmd = run.Command(ctx, nil, u.t.stream, u.t.unpackArguments(u.place.Receive, &u.m.extra)...)
	p.cmd.Stdin, p.cmd.Stderr, p.cmd.Stdout = out, p.said, p.said
	err = p.cmd.Start()
	out.Close()
	if err != nil {
		stop()
		in.Close()
		return nil, failed(CodeUnpack, "", err, "start %s", p.name)
	}
	go func() {
		defer close(p.done)
		p.status = p.cmd.Wait()
	}()
	return p, nil
}

// Write hands data to the program. When that is gone the error is the program's own.
func (p *unpacker) Write(b []byte) (int, error) {
	n, err := p.in.Write(b)
	if err != nil {
		p.broken.Store(errors.Is(err, syscall.EPIPE))
		if werr := p.end(); werr != nil {
			err = werr
		}
	}
	return n, err
}

// SetDeadline lets the stream end a write that waits for a program which takes nothing.
func (p *unpacker) SetDeadline(t time.Time) error { return p.in.SetDeadline(t) }

// end closes the program's input and tells how it ended; it may be called again. A program that has ended while it had input
// has failed, whatever its status.
func (p *unpacker) end() error {
	p.once.Do(func() {
		defer p.stop()
		early := p.broken.Load()
		select {
		case <-p.done:
			early = true
		default:
		}
		cerr := p.in.Close()
		<-p.done
		if p.status != nil {
			p.failure = p.why(p.status)
		} else if early {
			p.failure = failed(CodeUnpack, "see which program of that name is first in the agent's PATH", nil, "%s ended with success before everything had come", p.name)
		} else if cerr != nil && !errors.Is(cerr, os.ErrClosed) {
			p.failure = failed(CodeUnpack, "", cerr, "write to %s", p.name)
		}
	})
	return p.failure
}

// abandon ends the program in the middle, if it still runs: what it made so far is worth nothing.
func (p *unpacker) abandon() {
	p.once.Do(func() {
		p.stop()
		p.in.Close()
		<-p.done
	})
}

func (p *unpacker) why(err error) error {
	text := p.said.errors()
	if text != "" {
		err = fmt.Errorf("%w: %s", err, text)
	}
	if full := diskFull(p.dir, text, err); full != nil {
		return full
	}
	return failed(CodeUnpack, "these are the program's own words; what arrives may not be a stream of the tool's", err, "%s failed", p.name)
}

// diskFull is the error of a file system without space, when it has none; else nil.
func diskFull(dir, text string, err error) error {
	const little = 16 << 20
	var fs syscall.Statfs_t
	if syscall.Statfs(dir, &fs) != nil {
		return nil
	}
	low := strings.ToLower(text)
	free := int64(fs.Bavail) * fs.Bsize
	if free >= little && !strings.Contains(low, "no space left") && !strings.Contains(low, "errcode: 28") && !errors.Is(err, syscall.ENOSPC) {
		return nil
	}
	hint := fmt.Sprintf("free space on the file system of %s, %s are left; or let the agent erase the old data first (allow-erase)", dir, method.Size(free))
	return failed(CodeDiskFull, hint, err, "no space left for the new data")
}

// join is Backup on the target: it waits for the receiving end.
func (m *Xtrabackup) join(ctx context.Context, w *method.Work) error {
	err := w.Run.Join(ctx)
	if errors.Is(err, method.ErrNoBackground) {
		return failed(CodeIncomplete, "the seed begins again with Prepare", err, "nothing was received")
	}
	return err
}

// received is how many bytes arrived; 0 when that isn't known.
func received(w *method.Work) int64 {
	var n int64
	if found, err := w.Run.Recall(receivedKey, &n); err != nil || !found {
		return 0
	}
	return n
}
