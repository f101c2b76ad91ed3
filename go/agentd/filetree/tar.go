package filetree

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// TarOptions may be left empty.
type TarOptions struct {
	// Files are put at the root beside the tree's, by name.
	Files map[string][]byte
	Done  func(bytes int64)
	Last  func() error // as in PackOptions
}

// PackTar writes a tree as `tar xzf -` takes it, with paths like ./db/t.ibd.
func PackTar(ctx context.Context, dst io.Writer, t *Tree, o TarOptions) error {
	z, err := gzip.NewWriterLevel(dst, gzip.BestSpeed)
	if err != nil {
		return err
	}
	p := &tarPacker{ctx: ctx, w: tar.NewWriter(z), tree: t, o: o}
	if err := p.all(); err != nil {
		return fmt.Errorf("pack tar: %w", err)
	}
	if o.Last != nil {
		if err := o.Last(); err != nil {
			return err
		}
	}
	if err := errors.Join(p.w.Close(), z.Close()); err != nil {
		return fmt.Errorf("pack tar: %w", err)
	}
	return nil
}

type tarPacker struct {
	ctx  context.Context
	w    *tar.Writer
	tree *Tree
	o    TarOptions
	done int64
}

func (p *tarPacker) all() error {
	for i, e := range p.tree.Entries {
		if _, twice := p.o.Files[e.Path]; twice {
			return fmt.Errorf("the name %s is needed, and there is one in the tree", e.Path)
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: "./" + e.Path, Mode: int64(e.Mode.Perm()), Size: e.Size, ModTime: e.Time.Truncate(time.Second)}
		if e.Dir {
			h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		}
		if err := p.w.WriteHeader(h); err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
		if e.Dir {
			continue
		}
		if err := p.file(i); err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
	}
	for name, text := range p.o.Files {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: "./" + name, Mode: 0o640, Size: int64(len(text)), ModTime: time.Now().Truncate(time.Second)}
		if err := p.w.WriteHeader(h); err != nil {
			return err
		}
		if _, err := p.w.Write(text); err != nil {
			return err
		}
	}
	return nil
}

func (p *tarPacker) file(i int) error {
	f, err := p.tree.open(i)
	if err != nil {
		return err
	}
	defer f.Close()
	size := p.tree.Entries[i].Size
	_, err = io.Copy(p.w, io.LimitReader(&watched{p.ctx, f, func(n int) {
		p.done += int64(n)
		if p.o.Done != nil {
			p.o.Done(p.done)
		}
	}}, size))
	if err != nil {
		return err
	}
	return whole(f, size)
}

// watched is a reader that ends with its context and tells what was read.
type watched struct {
	ctx  context.Context
	r    io.Reader
	tell func(n int)
}

func (w *watched) Read(b []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	n, err := w.r.Read(b)
	w.tell(n)
	return n, err
}

// UnpackTar writes the files of a tar, compressed by gzip or not, into dir while they arrive, and returns when all are on the
// disk. A stream without the tar's end is an error. Entries have no hashes: a tar has none.
func UnpackTar(ctx context.Context, src io.Reader, dir string, o UnpackOptions) (*Manifest, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("unpack tar into %s: %w", dir, err)
	}
	defer root.Close()
	u := &tarUnpacker{ctx: ctx, root: root, o: o, m: &Manifest{}, dirs: map[string]bool{".": true}}
	if err := u.all(bufio.NewReaderSize(&watched{ctx, src, func(int) {}}, 1<<20)); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("unpack tar into %s: %w", dir, err)
	}
	if err := flush(dir); err != nil {
		return nil, fmt.Errorf("unpack tar into %s: %w", dir, err)
	}
	return u.m, nil
}

type tarUnpacker struct {
	ctx  context.Context
	root *os.Root
	o    UnpackOptions
	m    *Manifest
	dirs map[string]bool
	done int64
}

func (u *tarUnpacker) all(src *bufio.Reader) error {
	var in io.Reader = src
	if b, err := src.Peek(2); err == nil && b[0] == 0x1f && b[1] == 0x8b {
		z, err := gzip.NewReader(src)
		if err != nil {
			return err
		}
		defer z.Close()
		in = z
	}
	if err := u.entries(in); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, in) // to the compressed stream's own end, which holds its length and checksum
	return err
}

func (u *tarUnpacker) entries(in io.Reader) error {
	const block = 512
	var read, over int64 // over: where the last entry ended
	r := tar.NewReader(&watched{u.ctx, in, func(n int) { read += int64(n) }})
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := u.entry(r, h); err != nil {
			return err
		}
		over = (read + block - 1) / block * block
	}
	if read < over+2*block { // a tar ends with two blocks of zeros, which its reader does not insist on
		return fmt.Errorf("the tar has no end: %w", io.ErrUnexpectedEOF)
	}
	return nil
}

func (u *tarUnpacker) entry(r *tar.Reader, h *tar.Header) error {
	name := path.Clean(strings.TrimLeft(h.Name, "/"))
	if name == "." {
		return nil
	}
	if err := checkPath(name); err != nil {
		return err
	}
	if err := u.parents(path.Dir(name)); err != nil {
		return err
	}
	e := Entry{Path: name, Mode: fs.FileMode(h.Mode).Perm(), Time: h.ModTime}
	switch h.Typeflag {
	case tar.TypeDir:
		e.Dir = true
		if u.dirs[name] {
			return nil
		}
		u.dirs[name] = true
		if err := u.root.Mkdir(name, e.Mode|0o700); err != nil {
			return err
		}
	case tar.TypeReg, tar.TypeGNUSparse:
		if err := u.file(r, &e, h.Size); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	case tar.TypeSymlink, tar.TypeLink:
		return fmt.Errorf("%s %w", name, ErrLink)
	default:
		return nil // a socket or a pipe
	}
	u.m.Entries = append(u.m.Entries, e)
	return nil
}

// parents makes directories that the tar does not name.
func (u *tarUnpacker) parents(dir string) error {
	if u.dirs[dir] {
		return nil
	}
	if err := u.parents(path.Dir(dir)); err != nil {
		return err
	}
	u.dirs[dir] = true
	u.m.Entries = append(u.m.Entries, Entry{Path: dir, Dir: true, Mode: 0o750})
	return u.root.Mkdir(dir, 0o750)
}

func (u *tarUnpacker) file(r io.Reader, e *Entry, size int64) error {
	f, err := u.root.OpenFile(e.Path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	out := &writeback{f: f}
	n, err := io.Copy(writerFunc(func(b []byte) (int, error) {
		u.done += int64(len(b))
		if u.o.Done != nil {
			u.o.Done(u.done)
		}
		return len(b), out.writeAt(b, out.at)
	}), r)
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		err = f.Chmod(e.Mode | 0o600)
	}
	e.Size = n
	return errors.Join(err, f.Close())
}

type writerFunc func(b []byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
