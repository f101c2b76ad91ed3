package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// session is the sender's part in one connection.
type session struct {
	*sender
	k    *link
	over atomic.Bool
	done bool  // the stream is at its end, not only this connection
	err  error // of the stream if done, else of the connection
}

// session sends until the receiver's verdict (done) or until the connection is broken.
func (s *sender) session(ctx context.Context, k *link, w welcome) (done bool, err error) {
	defer k.close()
	stop := context.AfterFunc(ctx, k.close)
	defer stop()
	before, _ := s.win.progress()
	if err := s.win.rewind(w.Written); err != nil {
		return false, err
	}
	if !s.met {
		s.o.Noted(w.Note)
	}
	s.met, s.refused = true, time.Time{}
	x := &session{sender: s, k: k}
	beating, heard := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(beating)
		k.beat(time.Duration(w.Quiet)*time.Millisecond/4, func() (kind, int64) { return kindPing, 0 })
	}()
	go func() {
		defer close(heard)
		x.listen()
		x.over.Store(true)
		s.win.wake()
		if !x.done {
			k.close() // a write into a line that is dead would go on for as long as the kernel tries
		}
	}()
	sendErr := x.feed()
	if sendErr != nil {
		k.close()
	}
	<-heard
	if x.done {
		_ = k.send(kindBye, 0, nil, nil)
	}
	k.close()
	<-beating
	after, _ := s.win.progress()
	if at, ok := k.line.breath(); ok {
		s.moved = at
	}
	if after > before {
		s.moved = time.Now()
	}
	if !x.done && sendErr != nil && !(errors.Is(sendErr, net.ErrClosed) && x.err != nil) {
		return false, sendErr
	}
	return x.done, x.err
}

// feed sends what the window has; nil when the session is over otherwise.
func (x *session) feed() error {
	for {
		chunk, offset, last, ok := x.win.next(x.over.Load)
		var err error
		switch {
		case !ok:
			return nil
		case last != nil && last.end != nil:
			err = x.k.sendJSON(kindEnd, last.end)
		case last != nil:
			err = x.k.sendJSON(kindAbort, last.abort)
		default:
			err = x.data(chunk, offset)
		}
		if err != nil {
			return err
		}
	}
}

func (x *session) data(chunk []byte, offset int64) error {
	now := sample{payload: offset, blocked: time.Duration(x.k.line.blocked.Load()), raw: x.pack.raw, wire: x.pack.small, connection: x.reconnects}
	var packed []byte
	if x.pick.packs(time.Now(), now, func() (speed, ratio float64) { return x.pack.try(chunk) }) {
		var err error
		if packed, err = x.pack.pack(chunk); err != nil {
			return err
		}
	}
	if packed == nil {
		return x.k.send(kindData, offset, chunk, chunk)
	}
	x.packed.Store(true)
	return x.k.send(kindPacked, offset, packed, chunk)
}

// listen takes the receiver's frames until it has told its verdict or the connection is broken.
func (x *session) listen() {
	defer x.k.in.close()
	for {
		h, body, err := x.k.in.next()
		if err != nil {
			x.err = err
			return
		}
		switch h.kind {
		case kindPing:
		case kindAck:
			if x.err = x.win.ack(h.offset); x.err != nil {
				return
			}
		case kindVerdict:
			var v verdict
			if x.err = decode(body, &v); x.err != nil {
				return
			}
			x.done, x.err = true, x.judge(v)
			return
		case kindBye:
			last := x.win.final()
			if last == nil || last.abort == nil {
				x.err = fmt.Errorf("%w: good-bye without a verdict", errDamaged)
				return
			}
			x.done, x.err = true, last.err
			return
		default:
			x.err = fmt.Errorf("%w: kind %d from the receiver", errDamaged, h.kind)
			return
		}
	}
}

func (x *session) judge(v verdict) error {
	if v.Good {
		if last := x.win.final(); last == nil || last.end == nil {
			return errors.New("the receiver takes the stream for whole before its end")
		} else if err := x.win.ack(last.end.Bytes); err != nil {
			return err
		}
		return nil
	}
	return v.error("the receiving end at " + x.addr + " failed")
}
