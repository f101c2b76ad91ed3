package stream

import (
	"fmt"
	"sync"
)

// window keeps the tool's output from when it was read until the receiver has written it: a ring, so that its memory is
// bounded and nothing is copied. One goroutine fills it, one sends from it, one acknowledges.
//
//	acked <= sent <= filled <= acked + len(buf)
type window struct {
	mu      sync.Mutex
	changed *sync.Cond
	buf     []byte

	acked, sent, filled int64
	high                int64 // the most that was ever sent
	last                *record
	lastSent            bool
	closed              bool
}

// record is the sender's last word.
type record struct {
	end   *endRecord
	abort *verdict
	err   error // what Send returns after an abort
}

func newWindow(size int64) *window {
	w := &window{buf: make([]byte, size)}
	w.changed = sync.NewCond(&w.mu)
	return w
}

// space waits for room and returns some of it, to be filled from its start and told to commit. Nil: no more is wanted.
func (w *window) space() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.last == nil && !w.closed && w.filled-w.acked == int64(len(w.buf)) {
		w.changed.Wait()
	}
	if w.last != nil || w.closed {
		return nil
	}
	at := w.filled % int64(len(w.buf))
	n := min(int64(len(w.buf))-(w.filled-w.acked), int64(len(w.buf))-at, frameSize)
	return w.buf[at : at+n]
}

func (w *window) commit(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.filled += int64(n)
	w.changed.Broadcast()
}

// finish sets the last record, and returns the one that counts: the first, except that an abort goes before an end.
func (w *window) finish(r *record) *record {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == nil || w.last.end != nil && r.abort != nil {
		w.last, w.lastSent = r, false
	}
	w.changed.Broadcast()
	return w.last
}

// close ends all waiting.
func (w *window) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.changed.Broadcast()
}

// rewind makes a new connection go on from what the receiver has.
func (w *window) rewind(written int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if written < w.acked || written > w.high {
		return fmt.Errorf("%w: the receiver wants to go on from %d, having told %d of %d", errDamaged, written, w.acked, w.high)
	}
	w.acked, w.sent, w.lastSent = written, written, false
	w.changed.Broadcast()
	return nil
}

// next waits for something to send: payload at an offset, or the last record. ok is false when the session is over or the
// window was closed. An abort does not wait for the payload before it.
func (w *window) next(over func() bool) (chunk []byte, offset int64, last *record, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		if w.closed || over() {
			return nil, 0, nil, false
		}
		if w.last != nil && !w.lastSent && (w.last.abort != nil || w.sent == w.filled) {
			w.lastSent = true
			return nil, 0, w.last, true
		}
		if w.sent < w.filled && !w.lastSent {
			break
		}
		w.changed.Wait()
	}
	at := w.sent % int64(len(w.buf))
	n := min(w.filled-w.sent, int64(len(w.buf))-at, frameSize)
	offset = w.sent
	w.sent += n
	w.high = max(w.high, w.sent)
	return w.buf[at : at+n], offset, nil, true
}

// wake lets next look at over again.
func (w *window) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed.Broadcast()
}

// ack frees what the receiver has written.
func (w *window) ack(written int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if written < w.acked || written > w.sent {
		return fmt.Errorf("%w: %d acknowledged of %d sent", errDamaged, written, w.sent)
	}
	if written > w.acked {
		w.acked = written
		w.changed.Broadcast()
	}
	return nil
}

func (w *window) progress() (acked, high int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.acked, w.high
}

func (w *window) final() *record {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}
