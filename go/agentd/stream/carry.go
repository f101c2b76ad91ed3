package stream

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// readError is an error of the reading side of carry; every other is of the writing side.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// carry copies src to dst until its end, at the pace, and counts. Between a pipe and a TCP connection the bytes do not come
// to this process at all.
func carry(dst io.Writer, src io.Reader, pace *pacer, count *atomic.Int64) error {
	from, to := spliceable(src), spliceable(dst)
	if from != nil && to != nil {
		done, err := splice(to, from, pace, count)
		if done {
			return err
		}
	}
	paced := pace
	if _, ok := dst.(*flushed); ok {
		paced = &pacer{limit: unlimited} // the line below it keeps the pace
	}
	buf := make([]byte, frameSize)
	for {
		n, err := src.Read(buf)
		for out := buf[:n]; len(out) > 0; {
			some := paced.take(len(out), nil)
			if _, err := dst.Write(out[:some]); err != nil {
				return err
			}
			count.Add(int64(some))
			out = out[some:]
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &readError{err}
		}
	}
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

// splice moves bytes within the kernel. done is false when the kernel can't, before any byte was moved.
func splice(dst, src syscall.RawConn, pace *pacer, count *atomic.Int64) (done bool, err error) {
	for moved := false; ; {
		some := pace.take(pipeSize, nil)
		n, err := spliceSome(dst, src, some)
		pace.refund(some - max(n, 0))
		switch {
		case n > 0:
			moved = true
			count.Add(int64(n))
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EAGAIN):
			if err := waitReady(src.Read, unix.POLLIN); err != nil {
				return true, &readError{err}
			}
			if err := waitReady(dst.Write, unix.POLLOUT); err != nil {
				return true, err
			}
		case errors.Is(err, unix.EINTR):
		case !moved && errors.Is(err, unix.EINVAL):
			return false, nil
		case errors.Is(err, unix.EPIPE):
			return true, err
		default:
			return true, blame(src, err)
		}
	}
}

// spliceSome holds both descriptors while it moves, so that neither is closed and given to somebody else meanwhile.
func spliceSome(dst, src syscall.RawConn, size int) (n int, err error) {
	var moved int64
	var spliceErr error
	srcErr := src.Control(func(in uintptr) {
		err = dst.Control(func(out uintptr) {
			moved, spliceErr = unix.Splice(int(in), nil, int(out), nil, size, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
		})
	})
	if srcErr != nil {
		return 0, &readError{srcErr}
	}
	if err == nil {
		err = spliceErr
	}
	return int(moved), err
}

// waitReady waits for one descriptor; wait is its RawConn's Read or Write.
func waitReady(wait func(func(uintptr) bool) error, events int16) error {
	return wait(func(fd uintptr) bool {
		set := []unix.PollFd{{Fd: int32(fd), Events: events}}
		n, err := unix.Poll(set, 0)
		return err == nil && n > 0
	})
}

// blame finds out which side of a splice failed: a connection that has an error says so when it is read again.
func blame(src syscall.RawConn, err error) error {
	if errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.ETIMEDOUT) {
		readable := false
		_ = src.Control(func(fd uintptr) {
			kind, kindErr := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE)
			readable = kindErr == nil && kind == unix.SOCK_STREAM
		})
		if readable {
			return &readError{err}
		}
	}
	var read *readError
	if errors.As(err, &read) {
		return read
	}
	return err
}
