package lvm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/filetree"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/stream"
)

// Notes in the stream: the position, as the metadata file's text, and which tree it is, for an attempt that goes on.
const (
	positionNote = "position"
	treeNote     = "tree"
)

// send is Backup on the source.
func (m *LVM) send(ctx context.Context, w *method.Work) error {
	s, err := recall(w)
	if err != nil {
		return err
	}
	if s.Snapshot == nil || s.Root == "" {
		return failed(CodeMissing, "the seed begins again with Prepare", nil, "there is no snapshot for this seed")
	}
	p, err := m.provider(s.Snapshot.Kind)
	if err != nil {
		return err
	}
	if _, err := p.Check(ctx, *s.Snapshot); err != nil {
		return explained(err)
	}
	if _, err := p.Mount(ctx, *s.Snapshot, m.o.MountPoint); err != nil { // no more than a look, unless the host was restarted
		return explained(err)
	}
	tree, err := s.scan(ctx)
	if err != nil {
		return err
	}
	c := &copying{m: m, w: w, s: s, p: p, tree: tree, noted: make(chan string, 1)}
	err = explained(c.run(ctx))
	var line *stream.Error
	if err == nil || ctx.Err() != nil || errors.As(err, &line) {
		return err
	}
	s.Spoiled = true
	return errors.Join(err, w.Run.Remember(stateKey, s))
}

// copying is one run of sending.
type copying struct {
	m    *LVM
	w    *method.Work
	s    state
	p    Provider
	tree *filetree.Tree
	// noted gets what the receiver has from an earlier attempt.
	noted chan string
}

func (c *copying) run(ctx context.Context) error {
	addr := net.JoinHostPort(c.w.PeerHost, strconv.Itoa(cmp.Or(c.w.Terms.DataPort, c.m.o.Port)))
	c.w.Run.Say(fmt.Sprintf("sending %d files with %s to %s", len(c.tree.Entries), method.Size(c.tree.Bytes), addr))
	life, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		c.watch(life, stop)
	}()
	out, in := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		err := c.pack(life, in)
		in.CloseWithError(err) // nil is the end
		packed <- err
	}()
	sum, err := c.m.sendTo(life, c.w, addr, out, c.noted)
	stop(nil)
	out.CloseWithError(errors.New("nobody takes it any more"))
	perr := <-packed
	<-watched
	switch why := context.Cause(life); {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(why, snapshot.ErrFull) || errors.Is(why, snapshot.ErrNone):
		return why
	case err == nil:
		c.w.Run.Progress(c.tree.Bytes, c.tree.Bytes, "sent")
		c.w.Run.Say(sent(sum))
		return nil
	}
	return c.why(ctx, err, perr)
}

// why says what was first: a file that can't be read, of which the stream's end is only what came of it, or the stream.
func (c *copying) why(ctx context.Context, err, packing error) error {
	if _, full := c.p.Check(context.WithoutCancel(ctx), *c.s.Snapshot); errors.Is(full, snapshot.ErrFull) {
		return full // reading it gives errors of input and output then
	}
	if packing != nil && !errors.Is(packing, io.ErrClosedPipe) && packing.Error() != "" && errors.Is(err, packing) {
		return failed(CodeFailed, "see the kernel's messages (dmesg) on the source", packing, "the snapshot can't be read")
	}
	return err
}

// watch looks at the snapshot from time to time, and ends the copy when that is lost.
func (c *copying) watch(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(c.m.o.CheckEvery)
	defer tick.Stop()
	warned := 50.0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		full, err := c.p.Check(ctx, *c.s.Snapshot)
		switch {
		case errors.Is(err, snapshot.ErrFull) || errors.Is(err, snapshot.ErrNone):
			stop(err)
			return
		case err != nil && ctx.Err() == nil:
			c.m.log.Warn("the snapshot could not be looked at", "snapshot", c.s.Snapshot.String(), "error", err)
		case full >= warned:
			c.w.Run.Say(fmt.Sprintf("the snapshot is full to %.0f %%", full))
			warned = max(warned, full) + 10
		}
	}
}

// pack writes the stream: our own, or the tar that agents of others take.
func (c *copying) pack(ctx context.Context, dst io.Writer) error {
	last := func() error {
		_, err := c.p.Check(ctx, *c.s.Snapshot)
		return err
	}
	text := metadataText(c.s.Position)
	if c.w.Terms.Secret == "" {
		o := filetree.TarOptions{Files: map[string][]byte{metadataFile: []byte(text)}, Done: c.progress, Last: last}
		for _, e := range c.tree.Entries {
			if e.Path == metadataFile {
				return permanently(failed(CodeSchema, "rename it, or use another method, or an agent of ours on the target", nil, "the target's agent needs a file %q where the source has a schema of that name", metadataFile))
			}
		}
		return filetree.PackTar(ctx, dst, c.tree, o)
	}
	has, err := c.has(ctx)
	if err != nil {
		return err
	}
	notes := map[string]string{positionNote: text, treeNote: c.s.tree()}
	_, err = filetree.Pack(ctx, dst, c.tree, filetree.PackOptions{Notes: notes, Done: c.progress, Last: last, Has: has})
	return err
}

// has waits for the receiver and learns how much of this tree it has.
func (c *copying) has(ctx context.Context) (int, error) {
	var note string
	select {
	case note = <-c.noted:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	tree, n := parseNote(note)
	if n == 0 || tree != c.s.tree() || n > len(c.tree.Entries) {
		return 0, nil
	}
	c.w.Run.Say(fmt.Sprintf("the copy goes on where the earlier attempt ended, after %d of %d files", n, len(c.tree.Entries)))
	return n, nil
}

func (c *copying) progress(bytes int64) {
	c.w.Run.Progress(bytes, c.tree.Bytes, "sending the snapshot's files")
}

// sendTo sends by the stream of our agents, or by the plain one where the other agent is not ours.
func (m *LVM) sendTo(ctx context.Context, w *method.Work, addr string, src io.Reader, noted chan<- string) (stream.Summary, error) {
	ended := func() error { return nil } // src ends with an error when packing does
	if w.Terms.Secret != "" {
		o := stream.Options{Secret: w.Terms.Secret, SeedID: w.SeedID, Limit: w.Run.Limit, Noted: func(note string) { noted <- note }, Logger: m.log}
		return stream.Send(ctx, addr, src, ended, o)
	}
	o := stream.PlainOptions{Limit: w.Run.Limit, Logger: m.log}
	if m.o.PlainClient != nil {
		var err error
		if o.TLS, err = m.o.PlainClient(); err != nil {
			return stream.Summary{}, fmt.Errorf("socat-use-ssl: %w", err)
		}
	}
	return stream.SendPlain(ctx, addr, src, ended, o)
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
