package stream

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zeebo/xxh3"
)

// Receive writes the payload in order to dst. When the sender's end record has come and count and hash fit, it calls ended
// (close the tool's stdin, wait for its exit) and tells the sender the verdict; nil is returned only when ended returned
// nil. Any other end is an error on both sides that carries the other side's reason; ended is not called then, dst is
// interrupted, and ending the tool is the caller's. ctx done is an abort: the sender is told, and Receive returns within
// seconds. The port is free when it returns. It may be called once.
func (r *Receiver) Receive(ctx context.Context, dst io.Writer, ended func() error) (Summary, error) {
	in := &intake{Receiver: r, dst: dst, ended: ended, hash: xxh3.New(), moved: time.Now(),
		arrivals: make(chan arrival)}
	stop := report(func() { r.o.Progress(Progress{Bytes: in.written.Load(), Wire: r.wire.Load()}) })
	defer stop()
	widen(dst)
	in.door = openDoor(r.ln, r.o.Logger, in.greet)
	err := in.run(ctx)
	in.door.close()
	sum := Summary{Bytes: in.written.Load(), Wire: r.wire.Load(), Connections: 1, Reconnects: max(in.sessions-1, 0), Compressed: in.packed}
	if err == nil {
		sum.Hash = in.sum
	}
	return sum, err
}

// intake is one receiving. Its fields without a lock belong to run, or to the one session that run started.
type intake struct {
	*Receiver
	door     *door
	arrivals chan arrival
	dst      io.Writer
	ended    func() error
	hash     *xxh3.Hasher

	written atomic.Int64
	packed  bool
	sum     string

	stream   string // the sender's start
	sessions int
	moved    time.Time

	mu      sync.Mutex
	verdict *verdict
	err     error // of Receive, when there is a verdict
	told    bool  // the sender has said good-bye
}

// settle sets the verdict, once; later ones change nothing.
func (in *intake) settle(v verdict, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.verdict == nil {
		in.verdict, in.err = &v, err
	}
}

func (in *intake) settled() (*verdict, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.verdict, in.err
}

// run hands one connection after the other to serve. A newer one of the same sender ends the older: the sender knows better
// whether a connection is broken.
func (in *intake) run(ctx context.Context) error {
	var cur, next *visit
	defer func() {
		next.drop()
		if cur != nil {
			cur.link.close()
			wait := toolGrace
			if !interrupt(in.dst) {
				wait = abortGrace
			}
			waitFor(cur.done, wait)
		}
	}()
	away := time.NewTimer(in.o.FirstPatience)
	defer away.Stop()
	hurry := ctx.Done()
	for {
		select {
		case a := <-in.arrivals:
			refusal, fatal := in.admit(a, cur != nil)
			if refusal != "" {
				in.door.wg.Go(func() { _ = refuse(a.link, refusal) })
				if fatal != nil {
					return fatal
				}
				continue
			}
			next.drop()
			next = in.visit(a)
			if cur != nil {
				cur.link.close()
			}
		case <-cur.ended():
			in.breathed(cur)
			in.o.Logger.Info("connection of the stream ended", "written", in.written.Load(), "err", cur.err)
			if v, err := in.settled(); v != nil && (in.told || ctx.Err() != nil) {
				return err
			}
			cur = nil
			away.Reset(max(time.Until(in.leave()), 0))
		case <-away.C:
			if cur == nil && next == nil {
				return in.gone()
			}
		case <-hurry:
			hurry = nil
			cause := fmt.Errorf("receive on %s: %w", in.Addr(), context.Cause(ctx))
			in.settle(verdictOf(cause), cause)
			interrupt(in.dst)
			if cur == nil {
				_, err := in.settled()
				return err
			}
			go in.tell(cur.link)
			k := cur.link
			time.AfterFunc(abortGrace, k.close)
		}
		if cur == nil && next != nil {
			cur, next = next, nil
			in.sessions++
			go cur.serve()
		}
	}
}

// admit says whether a sender is taken: the one that began, or any as long as nothing was received.
func (in *intake) admit(a arrival, live bool) (refusal string, fatal error) {
	if in.stream == "" || in.stream == a.hello.Stream {
		in.stream = a.hello.Stream
		return "", nil
	}
	if live {
		return "another sender is being received", nil
	}
	if v, _ := in.settled(); in.written.Load() == 0 && v == nil {
		in.stream = a.hello.Stream
		return "", nil
	}
	return "the receiver holds a part of what an earlier sender sent; both sides have to start anew",
		failed(CodePeerAway, "the source's agent or its tool was started again: start the stage again on both sides", nil,
			"the sender that began the stream is gone after %d bytes, and another has come", in.written.Load())
}

func (in *intake) breathed(v *visit) {
	if at, ok := v.link.line.breath(); ok {
		in.moved = at
	}
	if v.moved {
		in.moved = time.Now()
	}
}

// leave is until when a sender that is away is waited for.
func (in *intake) leave() time.Time {
	if v, _ := in.settled(); v != nil && !v.Good {
		return in.moved.Add(min(in.o.Patience, toolGrace))
	}
	return in.moved.Add(in.o.Patience)
}

// gone is the end when nobody came, or came back.
func (in *intake) gone() error {
	if v, err := in.settled(); v != nil {
		return err // the sender may not know it, but this side does
	}
	if in.stream == "" {
		return failed(CodePeerLate, "does the source's agent run, and can it reach this host's data port (firewall)?", nil,
			"no sender came to %s within %s", in.Addr(), in.o.FirstPatience)
	}
	return failed(CodePeerAway, "the source's agent or its tool died, or the network between the hosts is broken: look at its log, then start the stage again", nil,
		"the sender has been away for %s after %d bytes", in.o.Patience, in.written.Load())
}

// tell sends the verdict.
func (in *intake) tell(k *link) {
	v, _ := in.settled()
	if v == nil {
		return
	}
	if k.sendJSON(kindVerdict, v) != nil {
		k.close()
	}
}

// finish judges the whole stream by the sender's end record.
func (in *intake) finish(end endRecord) error {
	sum := in.hash.Sum128().Bytes()
	in.sum = hex.EncodeToString(sum[:])
	if end.Bytes != in.written.Load() || end.Hash != in.sum {
		return failed(CodeDamaged, "memory or software of one of the hosts damages data: do not use what was received", nil,
			"received %d bytes with hash %s, sent were %d with %s", in.written.Load(), in.sum, end.Bytes, end.Hash)
	}
	return in.ended()
}

var errSenderAborted = errors.New("the sender ended the stream")
