package dumpfile

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/xxh3"
)

const (
	blockSize = 1 << 20
	blocks    = 32 // blocks on their way to the compressor; with it, all that a Writer holds
)

// Writer makes a dump. Its methods are for one goroutine; exactly one of Finish and Discard ends it.
type Writer struct {
	dir    string
	now    Frame
	block  []byte
	free   chan []byte
	todo   chan piece
	done   chan struct{}
	failed chan struct{} // closed with err set
	err    error
	frames []Frame
	raw    int64
}

// piece is a block of a frame; last ends the frame, whose description it carries.
type piece struct {
	block []byte
	last  bool
	frame Frame
}

// Create starts a dump in dir, in place of one that is there.
func Create(dir string) (*Writer, error) {
	if err := Remove(dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, DataName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create dump: %w", err)
	}
	w := &Writer{dir: dir, free: make(chan []byte, blocks), todo: make(chan piece, blocks), done: make(chan struct{}), failed: make(chan struct{})}
	for range blocks {
		w.free <- nil
	}
	w.block = make([]byte, 0, blockSize)
	go w.compress(f)
	return w, nil
}

// Begin ends the frame before, and starts one of that kind.
func (w *Writer) Begin(kind Kind, db, name string) error {
	err := w.endFrame()
	w.now = Frame{Kind: kind, DB: db, Name: name}
	return err
}

// Cut ends the frame and starts another one of the same kind and name; for between two statements.
func (w *Writer) Cut() error { return w.Begin(w.now.Kind, w.now.DB, w.now.Name) }

// FrameBytes is how much has been written into the present frame, RawBytes into all.
func (w *Writer) FrameBytes() int64 { return w.now.Raw }

// RawBytes is the number of bytes written so far.
func (w *Writer) RawBytes() int64 { return w.raw }

// Write adds to the present frame. It fails as soon as the file can't be written, with that error.
func (w *Writer) Write(p []byte) (int, error) {
	n := len(p)
	w.raw += int64(n)
	w.now.Raw += int64(n)
	for {
		k := min(len(p), blockSize-len(w.block))
		w.block = append(w.block, p[:k]...)
		if p = p[k:]; len(p) == 0 {
			return n, nil
		}
		if err := w.send(piece{block: w.block}); err != nil {
			return 0, err
		}
	}
}

func (w *Writer) endFrame() error {
	if w.now.Raw == 0 {
		return nil
	}
	return w.send(piece{block: w.block, last: true, frame: w.now})
}

func (w *Writer) send(p piece) error {
	select {
	case <-w.failed:
		return w.err
	case w.todo <- p:
	}
	select {
	case <-w.failed:
		return w.err
	case b := <-w.free:
		if b == nil {
			b = make([]byte, 0, blockSize)
		}
		w.block = b[:0]
	}
	return nil
}

// Finish brings everything to the disk and then writes the index, with the frames and sizes filled in.
func (w *Writer) Finish(x *Index) error {
	err := w.endFrame()
	close(w.todo)
	<-w.done
	if err = errors.Join(w.err, err); err != nil {
		return errors.Join(err, Remove(w.dir))
	}
	x.Frames, x.Raw = w.frames, w.raw
	if n := len(w.frames); n > 0 {
		x.Length = w.frames[n-1].Offset + w.frames[n-1].Length
	}
	if err := x.write(w.dir); err != nil {
		return errors.Join(err, Remove(w.dir))
	}
	return nil
}

// Discard removes what was written.
func (w *Writer) Discard() error {
	close(w.todo)
	<-w.done
	return Remove(w.dir)
}

// compress runs until todo is closed.
func (w *Writer) compress(f *os.File) {
	defer close(w.done)
	err := w.compressAll(f)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		w.err = fmt.Errorf("write dump: %w", err)
		close(w.failed)
		for range w.todo { // until the writer's side has closed it
		}
	}
}

func (w *Writer) compressAll(f *os.File) error {
	out := &hashed{w: bufio.NewWriterSize(f, blockSize)}
	z, err := zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(blockSize))
	if err != nil {
		return err
	}
	defer z.Close()
	var start int64
	for p := range w.todo {
		if _, err := z.Write(p.block); err != nil {
			return err
		}
		w.free <- p.block
		if !p.last {
			continue
		}
		if err := z.Close(); err != nil {
			return err
		}
		p.frame.Offset, p.frame.Length, p.frame.Hash = start, out.n-start, out.h.Sum64()
		w.frames = append(w.frames, p.frame)
		start = out.n
		out.h.Reset()
		z.Reset(out)
	}
	return out.w.Flush()
}

// hashed counts and hashes what goes through it.
type hashed struct {
	w *bufio.Writer
	h xxh3.Hasher
	n int64
}

func (h *hashed) Write(p []byte) (int, error) {
	n, err := h.w.Write(p)
	h.n += int64(n)
	h.h.Write(p[:n])
	return n, err
}
