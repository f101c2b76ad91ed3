package stream

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// readError is an error of the reading side of carry; every other is of the writing side.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// endError is what ended returned to carry.
type endError struct{ err error }

func (e *endError) Error() string { return e.err.Error() }
func (e *endError) Unwrap() error { return e.err }

// carry copies src to dst until its end, at the pace, and counts. Between a pipe and a TCP connection the bytes do not come
// to this process at all. If there is an ended, it is called at src's end, and src's last byte is held back until it has
// returned nil: of a tool that failed, not even a plain stream is ever whole.
func carry(dst io.Writer, src io.Reader, ended func() error, pace *pacer, count *atomic.Int64) error {
	buf, held := make([]byte, frameSize), 0
	from, to := spliceable(src), spliceable(dst)
	if from != nil && to != nil {
		s := &splicer{dst: to, src: from, out: dst, in: src, pace: pace, count: count, hold: ended != nil}
		if err := s.run(); err != nil {
			return err
		}
		held = copy(buf, s.kept)
	}
	if _, ok := dst.(*flushed); ok {
		pace = &pacer{limit: unlimited} // the line below it keeps the pace
	}
	for {
		n, err := src.Read(buf[held:])
		n += held
		if held = 0; ended != nil && n > 0 {
			held = 1
		}
		if err := put(dst, buf[:n-held], pace, count); err != nil {
			return err
		}
		buf[0] = buf[max(n-1, 0)]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return &readError{err}
		}
	}
	if ended == nil {
		return nil
	}
	if err := ended(); err != nil {
		return &endError{err}
	}
	return put(dst, buf[:held], pace, count)
}

func put(dst io.Writer, p []byte, pace *pacer, count *atomic.Int64) error {
	for len(p) > 0 {
		some := pace.take(len(p), nil)
		if _, err := dst.Write(p[:some]); err != nil {
			return err
		}
		count.Add(int64(some))
		p = p[some:]
	}
	return nil
}

// spliceable returns the descriptor of a TCP connection, or of a pipe that the runtime can wait for; nil for anything else.
func spliceable(v any) syscall.RawConn {
	var c syscall.Conn
	switch f := v.(type) {
	case *net.TCPConn:
		c = f
	case *os.File:
		info, err := f.Stat()
		if err != nil || info.Mode()&os.ModeNamedPipe == 0 || f.SetDeadline(time.Time{}) != nil {
			return nil
		}
		c = f
	default:
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}
