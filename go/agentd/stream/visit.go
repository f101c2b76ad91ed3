package stream

import (
	"fmt"
	"time"
)

// visit is the receiver's part in one connection.
type visit struct {
	in    *intake
	link  *link
	hello hello
	done  chan struct{}
	wait  chan struct{} // closed when it may go on
	moved bool
	err   error // valid when done
}

// visit begins with keeping the sender patient: the connection before may still be writing to dst.
func (in *intake) visit(a arrival) *visit {
	v := &visit{in: in, link: a.link, hello: a.hello, done: make(chan struct{}), wait: make(chan struct{})}
	go v.link.beat(time.Duration(a.hello.Quiet)*time.Millisecond/4, func() (kind, int64) {
		select {
		case <-v.wait:
			return kindAck, in.written.Load()
		default:
			return kindPing, 0
		}
	})
	return v
}

func (v *visit) ended() <-chan struct{} {
	if v == nil {
		return nil
	}
	return v.done
}

func (v *visit) drop() {
	if v != nil {
		v.link.close()
	}
}

func (v *visit) serve() {
	defer close(v.done)
	defer v.link.in.close()
	defer v.link.close()
	v.err = v.receive()
}

// ackEvery is after how much payload the sender is told to free it.
const ackEvery = 1 << 20

func (v *visit) receive() error {
	in := v.in
	w := welcome{Written: in.written.Load(), Quiet: v.link.line.quiet.Milliseconds(), Note: in.o.Note}
	if err := v.link.sendJSON(kindWelcome, w); err != nil {
		return err
	}
	close(v.wait)
	if known, _ := in.settled(); known != nil {
		in.tell(v.link)
	}
	acked := w.Written
	for {
		h, payload, err := v.link.in.next()
		if err != nil {
			return err
		}
		switch h.kind {
		case kindPing:
		case kindData, kindPacked:
			if known, _ := in.settled(); known != nil {
				continue // on its way before the sender knew
			}
			if h.offset != in.written.Load() {
				return fmt.Errorf("%w: payload of offset %d at %d", errDamaged, h.offset, in.written.Load())
			}
			in.packed = in.packed || h.kind == kindPacked
			v.write(payload)
			if at := in.written.Load(); at-acked >= ackEvery {
				acked = at
				if err := v.link.send(kindAck, at, nil, nil); err != nil {
					return err
				}
			}
		case kindEnd:
			if err := v.end(payload); err != nil {
				return err
			}
		case kindAbort:
			return v.abort(payload)
		case kindBye:
			in.told = true
			return nil
		default:
			return fmt.Errorf("%w: kind %d from the sender", errDamaged, h.kind)
		}
	}
}

func (v *visit) write(payload []byte) {
	in := v.in
	n, err := in.dst.Write(payload)
	_, _ = in.hash.Write(payload[:n])
	in.written.Add(int64(n))
	v.moved = true
	if err != nil {
		err = fmt.Errorf("hand %d bytes at offset %d to the receiving tool: %w", len(payload), in.written.Load(), err)
		in.settle(verdictOf(err), err)
		in.tell(v.link)
	}
}

func (v *visit) end(body []byte) error {
	var end endRecord
	if err := decode(body, &end); err != nil {
		return err
	}
	if known, _ := v.in.settled(); known == nil {
		err := v.in.finish(end)
		if err != nil {
			v.in.settle(verdictOf(err), err)
		} else {
			v.in.settle(verdict{Good: true}, nil)
		}
		v.moved = true
	}
	v.in.tell(v.link)
	return nil
}

// abort takes the sender's word that its tool failed.
func (v *visit) abort(body []byte) error {
	var a verdict
	if err := decode(body, &a); err != nil {
		return err
	}
	err := a.error("the sending end failed")
	v.in.settle(a, err)
	v.in.told = true
	_ = v.link.send(kindBye, 0, nil, nil)
	return errSenderAborted
}
