package filetree

import (
	"context"
	"errors"
	"os"

	"github.com/zeebo/xxh3"
	"golang.org/x/sys/unix"
)

// hasher hashes a file's content that comes in rising pieces, with zeros between them.
type hasher struct {
	h     *xxh3.Hasher
	at    int64
	holes int64 // bytes of zeros that were put between
}

var zeroPage [64 << 10]byte

func (h *hasher) write(b []byte) {
	_, _ = h.h.Write(b) // never fails
	h.at += int64(len(b))
}

// zeros goes on to an offset.
func (h *hasher) zeros(to int64) {
	h.holes += max(0, to-h.at)
	for h.at < to {
		h.write(zeroPage[:min(int64(len(zeroPage)), to-h.at)])
	}
}

func (h *hasher) sum() Hash { return Hash(hashOf(h.h)) }

// extents calls each for the parts of a file that are no holes, in order.
func extents(f *os.File, size int64, each func(from, to int64) error) error {
	for at := int64(0); at < size; {
		from, err := f.Seek(at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil // a hole to the end
		}
		if err != nil {
			return each(at, size) // the file system knows of no holes
		}
		to, err := f.Seek(from, unix.SEEK_HOLE)
		if err != nil || to <= from {
			to = size
		}
		from, to = min(from, size), min(to, size)
		if from < to {
			if err := each(from, to); err != nil {
				return err
			}
		}
		at = max(to, at+1)
	}
	return nil
}

// hashFile is the hash of the first size bytes, all that there are.
func hashFile(ctx context.Context, f *os.File, size int64) (Hash, error) {
	h, buf := &hasher{h: xxh3.New()}, make([]byte, chunk)
	err := extents(f, size, func(from, to int64) error {
		for from < to {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			n, err := f.ReadAt(buf[:min(chunk, to-from)], from)
			if n == 0 && err != nil {
				return changed(err)
			}
			h.zeros(from)
			h.write(buf[:n])
			from += int64(n)
		}
		return nil
	})
	if err != nil {
		return Hash{}, err
	}
	h.zeros(size)
	return h.sum(), whole(f, size)
}
