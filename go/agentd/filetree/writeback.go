package filetree

import (
	"os"

	"golang.org/x/sys/unix"
)

// window is how much of a file is written before the disk has to have taken what came before it.
const window = 32 << 20

// writeback writes a file and keeps the disk busy meanwhile: without it memory fills with what is to be written, and the end
// of the copy waits for all of that at once.
type writeback struct {
	f     *os.File
	since int64 // bytes since the last look
	from  int64 // of the window that is being written
	at    int64
}

func (w *writeback) writeAt(b []byte, at int64) error {
	if _, err := w.f.WriteAt(b, at); err != nil {
		return err
	}
	w.at = at + int64(len(b))
	if w.since += int64(len(b)); w.since < window {
		return nil
	}
	fd := int(w.f.Fd())
	const begin, wait = unix.SYNC_FILE_RANGE_WRITE, unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	// Hints: an error of the disk is told by the flush at the end.
	if last := w.from; last > 0 {
		_ = unix.SyncFileRange(fd, 0, last, wait)
		_ = unix.Fadvise(fd, 0, last, unix.FADV_DONTNEED)
	}
	_ = unix.SyncFileRange(fd, w.from, w.at-w.from, begin)
	w.from, w.since = w.at, 0
	return nil
}
