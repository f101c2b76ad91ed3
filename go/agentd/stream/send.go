package stream

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/zeebo/xxh3"
)

// Send carries src to the Receiver at addr (host:port). After src's end it calls ended, which waits for the tool and tells
// how it ended; only nil makes the end record that the receiver believes in. Send returns nil only when the receiver's
// verdict is good: count and hash fit and its tool ended well too. The other ends are an *Error, what ended or src.Read
// returned, or the cause of ctx.
//
// ended is called once, and not at all when the stream failed before src's end; then src is interrupted (by a deadline as
// *os.File has it for pipes, else closed) and ending the tool is the caller's. ctx done is an abort: the receiver is told,
// and Send returns within seconds.
func Send(ctx context.Context, addr string, src io.Reader, ended func() error, o Options) (Summary, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Summary{}, err
	}
	conf, err := tlsConfig(o.Secret, o.SeedID, roleSender)
	if err != nil {
		return Summary{}, err
	}
	s := &sender{o: o, addr: addr, tls: conf, win: newWindow(o.Window), pace: &pacer{limit: o.Limit}, id: rand.Text(),
		pulled: make(chan struct{}), moved: time.Now()}
	s.pick.mode = o.Compress
	defer s.pack.close()
	stop := report(func() {
		_, high := s.win.progress()
		o.Progress(Progress{Bytes: high, Wire: s.wire.Load()})
	})
	defer stop()
	widen(src)
	go s.pull(src, ended)
	err = s.run(ctx)
	s.win.close()
	wait := toolGrace
	if err != nil && !interrupt(src) {
		wait = abortGrace // nothing but src's next byte ends its Read
	}
	waitFor(s.pulled, wait)
	return s.summary(), err
}

type sender struct {
	o    Options
	addr string
	tls  *tls.Config
	id   string
	win  *window
	pace *pacer
	wire atomic.Int64
	pack packer
	pick chooser

	pulled chan struct{} // the tool's output is not read any more, and ended has returned

	moved      time.Time // when the stream last got on, or was seen to be alive
	met        bool      // a receiver was there
	refused    time.Time // since when what answers refuses
	reconnects int
	packed     atomic.Bool
}

// errRefused: what answers is not this stream's receiver, or does not take this sender.
var errRefused = errors.New("refused")

// refusedGrace is how long a refusal is borne: the receiver of an older attempt may be about to go.
const refusedGrace = 5 * time.Second

// pull reads the tool's output into the window and finds the stream's last record.
func (s *sender) pull(src io.Reader, ended func() error) {
	defer close(s.pulled)
	hash := xxh3.New()
	var total int64
	for {
		space := s.win.space()
		if space == nil {
			return
		}
		n, err := src.Read(space)
		_, _ = hash.Write(space[:n])
		total += int64(n)
		s.win.commit(n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.win.finish(aborted(fmt.Errorf("read the tool's output: %w", err)))
			return
		}
	}
	if err := ended(); err != nil {
		s.win.finish(aborted(err))
		return
	}
	sum := hash.Sum128().Bytes()
	s.win.finish(&record{end: &endRecord{Bytes: total, Hash: hex.EncodeToString(sum[:])}})
}

func aborted(err error) *record {
	v := verdictOf(err)
	return &record{abort: &v, err: err}
}

// run makes connections until one has brought the stream to its end.
func (s *sender) run(ctx context.Context) error {
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		s.win.finish(aborted(context.Cause(ctx)))
		s.pace.off.Store(true)
		time.AfterFunc(abortGrace, cancel)
	})
	defer stop()
	for backoff := 20 * time.Millisecond; ; backoff = min(2*backoff, time.Second) {
		k, w, err := s.connect(hard)
		if err == nil {
			var done bool
			if done, err = s.session(hard, k, w); done {
				return err
			}
			s.o.Logger.Warn("connection of the stream is broken", "addr", s.addr, "err", err)
			s.reconnects++
			backoff = 20 * time.Millisecond
		}
		if ctx.Err() != nil {
			return fmt.Errorf("send to %s: %w", s.addr, context.Cause(ctx))
		}
		if err := s.lost(err); err != nil {
			return err
		}
		timer := time.NewTimer(backoff)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("send to %s: %w", s.addr, context.Cause(ctx))
		}
	}
}

// lost says whether a further connection is worth trying after err: nil if so.
func (s *sender) lost(err error) error {
	if !errors.Is(err, errRefused) {
		s.refused = time.Time{}
	} else if s.refused.IsZero() {
		s.refused = time.Now()
	}
	late := time.Since(s.moved) >= s.o.Patience
	if !s.refused.IsZero() && (late || time.Since(s.refused) >= refusedGrace) {
		return failed(CodePeerRefused, "the stream was started anew on one side only, or another program has the data port of the target: look at both agents' logs, and start the stage again",
			err, "%s does not take this stream", s.addr)
	}
	if !late {
		return nil
	}
	if last := s.win.final(); last != nil && last.err != nil {
		return last.err
	}
	if !s.met {
		return failed(CodePeerLate, "does the target's agent run, and can this host reach its data port (seed-port; firewall)?",
			err, "no receiving end at %s within %s", s.addr, s.o.Patience)
	}
	return failed(CodePeerAway, "the target's agent died or the network between the hosts is broken: look at its log, then start the stage again",
		err, "the receiving end at %s has been away for %s", s.addr, s.o.Patience)
}

// connect makes one connection and learns from where to go on.
func (s *sender) connect(ctx context.Context) (*link, welcome, error) {
	q := quiet(s.o.Patience)
	dialer := net.Dialer{Timeout: q}
	conn, err := dialer.DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return nil, welcome{}, err
	}
	l := newLine(conn, s.pace, q, &s.wire)
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	limited, cancel := context.WithTimeout(ctx, q)
	defer cancel()
	k, err := handshake(limited, l, func(l *line) *tls.Conn { return tls.Client(l, s.tls) })
	if err != nil {
		return nil, welcome{}, refusal(err)
	}
	var w welcome
	err = k.sendJSON(kindHello, hello{Version: helloVersion, Seed: s.o.SeedID, Stream: s.id, Quiet: q.Milliseconds()})
	if err == nil {
		err = k.expect(kindWelcome, &w)
	}
	if at, ok := l.breath(); ok {
		s.moved = at
	}
	if err == nil && w.Refused != "" {
		err = fmt.Errorf("%w: %s", errRefused, w.Refused)
	}
	if err != nil {
		k.close()
		return nil, welcome{}, refusal(err)
	}
	return k, w, nil
}

// refusal marks errors that say that the other side is another one.
func refusal(err error) error {
	var op *net.OpError
	var head tls.RecordHeaderError
	if errors.Is(err, errOtherKey) || errors.As(err, &head) || errors.As(err, &op) && op.Op == "remote error" {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	return err
}

func (s *sender) summary() Summary {
	acked, _ := s.win.progress()
	sum := Summary{Bytes: acked, Wire: s.wire.Load(), Connections: 1, Reconnects: s.reconnects, Compressed: s.packed.Load()}
	if last := s.win.final(); last != nil && last.end != nil {
		sum.Hash = last.end.Hash
	}
	return sum
}
