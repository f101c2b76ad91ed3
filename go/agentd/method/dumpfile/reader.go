package dumpfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"
)

// Dump is a complete dump, open for reading.
type Dump struct {
	*Index
	f *os.File
}

// Open opens the dump in dir; ErrNoDump when there is no complete one.
func Open(dir string) (*Dump, error) {
	x, err := ReadIndex(dir)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(dir, DataName))
	if err != nil {
		return nil, fmt.Errorf("open dump: %w", err)
	}
	return &Dump{Index: x, f: f}, nil
}

// Close closes the file.
func (d *Dump) Close() error { return d.f.Close() }

// Verify reads the whole file and holds it against the index's lengths and hashes. step is called now and then with the
// number of bytes seen, and may end it with an error.
func (d *Dump) Verify(step func(bytes int64) error) error {
	st, err := d.f.Stat()
	if err != nil {
		return fmt.Errorf("verify dump: %w", err)
	}
	if st.Size() != d.Length {
		return fmt.Errorf("verify dump: the file has %d bytes, its index says %d", st.Size(), d.Length)
	}
	r := bufio.NewReaderSize(io.NewSectionReader(d.f, 0, d.Length), 1<<20)
	var h xxh3.Hasher
	for i, fr := range d.Frames {
		h.Reset()
		if _, err := io.CopyN(&h, r, fr.Length); err != nil {
			return fmt.Errorf("verify dump: frame %d: %w", i, err)
		}
		if h.Sum64() != fr.Hash {
			return fmt.Errorf("verify dump: frame %d (%s %s.%s) at byte %d is damaged", i, fr.Kind, fr.DB, fr.Name, fr.Offset)
		}
		if err := step(fr.Offset + fr.Length); err != nil {
			return err
		}
	}
	return nil
}

// Reader reads frames, one after another, reusing its memory. It is for one goroutine; many may read one Dump.
type Reader struct {
	d *Dump
	z *zstd.Decoder
	b *bufio.Reader
}

// NewReader makes a reader; the caller closes it.
func (d *Dump) NewReader() (*Reader, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return nil, fmt.Errorf("read dump: %w", err)
	}
	return &Reader{d: d, z: z, b: bufio.NewReaderSize(nil, 1<<20)}, nil
}

// Close frees the memory.
func (r *Reader) Close() { r.z.Close() }

// Frame returns the text of a frame; it is valid until the next call.
func (r *Reader) Frame(f Frame) (*bufio.Reader, error) {
	if err := r.z.Reset(io.NewSectionReader(r.d.f, f.Offset, f.Length)); err != nil {
		return nil, fmt.Errorf("read dump at byte %d: %w", f.Offset, err)
	}
	r.b.Reset(r.z)
	return r.b, nil
}

// Lines calls each for every line of a frame, with its line break; the bytes are only valid during the call.
func (r *Reader) Lines(f Frame, each func(line []byte) error) error {
	b, err := r.Frame(f)
	if err != nil {
		return err
	}
	var long []byte
	for {
		line, err := b.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, line...)
			continue
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("read dump at byte %d: %w", f.Offset, err)
		}
		if long != nil {
			line, long = append(long, line...), nil
		}
		if len(line) > 0 {
			if err := each(line); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}
