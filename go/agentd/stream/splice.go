package stream

import (
	"errors"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// splicer moves bytes from a pipe to a connection or the other way, within the kernel.
type splicer struct {
	dst, src syscall.RawConn
	pace     *pacer
	count    *atomic.Int64
	hold     bool // leave the pipe's last byte where it is
}

// run moves until there is nothing more, or only the byte that is held, or the kernel says that it can't: the rest is the
// caller's to read.
func (s *splicer) run() error {
	for {
		size, ended, err := s.available()
		if err != nil {
			return &readError{err}
		}
		if size == 0 {
			if ended {
				return nil
			}
			if err := s.waitSource(); err != nil {
				return &readError{err}
			}
			continue
		}
		some := s.pace.take(size, nil)
		n, err := s.move(some)
		s.pace.refund(some - n)
		s.count.Add(int64(n))
		switch {
		case errors.Is(err, unix.EAGAIN):
			if err := s.waitBoth(); err != nil {
				return err
			}
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EINVAL):
			return nil
		case err != nil:
			return s.blame(err)
		case n == 0:
			return nil
		}
	}
}

// available is how much may be moved now; without hold that is for the kernel to find out.
func (s *splicer) available() (size int, ended bool, err error) {
	if !s.hold {
		return pipeSize, false, nil
	}
	ctlErr := s.src.Control(func(fd uintptr) { size, ended, err = held(fd) })
	return size, ended, errors.Join(ctlErr, err)
}

// held looks how much there is before the byte to be held, and whether no more will come. The end is asked for first: what
// was written before it is counted then.
func held(fd uintptr) (size int, ended bool, err error) {
	set := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if _, err := unix.Poll(set, 0); err != nil && !errors.Is(err, unix.EINTR) {
		return 0, false, err
	}
	ended = set[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
	in, err := unix.IoctlGetInt(int(fd), unix.TIOCINQ)
	return max(in-1, 0), ended, err
}

func (s *splicer) waitSource() error {
	var heldErr error
	err := s.src.Read(func(fd uintptr) bool {
		size, ended, err := held(fd)
		heldErr = err
		return size > 0 || ended || err != nil
	})
	return errors.Join(err, heldErr)
}

func (s *splicer) waitBoth() error {
	if err := s.src.Read(ready(unix.POLLIN)); err != nil {
		return &readError{err}
	}
	return s.dst.Write(ready(unix.POLLOUT))
}

func ready(events int16) func(uintptr) bool {
	return func(fd uintptr) bool {
		set := []unix.PollFd{{Fd: int32(fd), Events: events}}
		n, err := unix.Poll(set, 0)
		return err == nil && n > 0
	}
}

// move holds both descriptors meanwhile, so that neither is closed and given to somebody else.
func (s *splicer) move(size int) (n int, err error) {
	var moved int64
	var spliceErr error
	srcErr := s.src.Control(func(in uintptr) {
		err = s.dst.Control(func(out uintptr) {
			moved, spliceErr = unix.Splice(int(in), nil, int(out), nil, size, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
		})
	})
	if srcErr != nil {
		return 0, &readError{srcErr}
	}
	return int(max(moved, 0)), errors.Join(err, spliceErr)
}

// blame finds out which side of a splice failed: only a connection has such errors, and it may be on either side.
func (s *splicer) blame(err error) error {
	if !errors.Is(err, unix.ECONNRESET) && !errors.Is(err, unix.ETIMEDOUT) {
		return err
	}
	socket := false
	_ = s.src.Control(func(fd uintptr) {
		_, kindErr := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE)
		socket = kindErr == nil
	})
	if socket {
		return &readError{err}
	}
	return err
}
