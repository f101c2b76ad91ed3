package stream

import (
	"errors"
	"io"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// splicer moves bytes from a pipe to a connection or the other way, within the kernel.
type splicer struct {
	dst, src syscall.RawConn
	out      io.Writer // dst
	in       io.Reader // src
	pace     *pacer
	count    *atomic.Int64
	hold     bool   // keep the last byte that came
	kept     []byte // that byte, while the pipe is empty
}

// run moves until there is nothing more, or the kernel says that it can't: the rest is the caller's to read.
//
// The byte that is held is taken out of the pipe before anything is waited for: a writer wakes the reader of an empty pipe,
// but of one that holds a byte not always (a single large write that fills it does not).
func (s *splicer) run() error {
	for {
		size := pipeSize
		if s.hold {
			var done bool
			var err error
			if size, done, err = s.beforeLast(); done || err != nil {
				return err
			}
			if size == 0 {
				continue
			}
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

// beforeLast tells how much of what the pipe has may be moved. When that is nothing, it keeps the one byte there is, or
// waits; done is true at the pipe's end.
func (s *splicer) beforeLast() (size int, done bool, err error) {
	in, ended, err := s.look()
	switch {
	case err != nil:
		return 0, false, &readError{err}
	case in == 0 && ended:
		return 0, true, nil
	case in == 0:
		if err := s.src.Read(ready(unix.POLLIN)); err != nil {
			return 0, false, &readError{err}
		}
		return 0, false, nil
	}
	if err := put(s.out, s.kept, s.pace, s.count); err != nil {
		return 0, false, err
	}
	if s.kept = nil; in > 1 {
		return in - 1, false, nil
	}
	last := make([]byte, 1)
	if _, err := io.ReadFull(s.in, last); err != nil {
		return 0, false, &readError{err}
	}
	s.kept = last
	return 0, false, nil
}

// look tells how much is in the pipe, and whether no more will come. The end is asked for first: what was written before it
// is counted then.
func (s *splicer) look() (in int, ended bool, err error) {
	var pollErr, countErr error
	err = s.src.Control(func(fd uintptr) {
		set := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, pollErr = unix.Poll(set, 0); errors.Is(pollErr, unix.EINTR) {
			pollErr = nil
		}
		ended = set[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
		in, countErr = unix.IoctlGetInt(int(fd), unix.TIOCINQ)
	})
	return in, ended, errors.Join(err, pollErr, countErr)
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
