package filetree

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/zeebo/xxh3"
	"golang.org/x/sys/unix"
)

// UnpackOptions may be left empty.
type UnpackOptions struct {
	// Head is told what comes before it does: the bytes of all files, and the sender's notes. An error of it ends Unpack.
	Head func(bytes int64, notes map[string]string) error
	// Done is told the bytes of files that are here; often.
	Done func(bytes int64)
	// Whole is told each directory, and each file when it is here with the right hash, those that were here before included.
	Whole func(e Entry) error
	// Have is what is in the directory from an earlier attempt, as ReadLog found it; everything else is removed.
	Have []Entry
}

// Unpack writes the files of a stream into dir while they arrive, and returns when all are on the disk. An end that is not
// the end of the tree, a hash that does not fit and a path that leads out of dir are errors; what was written stays.
func Unpack(ctx context.Context, src io.Reader, dir string, o UnpackOptions) (*Manifest, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("unpack into %s: %w", dir, err)
	}
	defer root.Close()
	u := &unpacker{ctx: ctx, r: bufio.NewReaderSize(src, 1<<20), root: root, o: o, m: &Manifest{}, seen: map[string]bool{}, have: map[string]Entry{},
		sum: xxh3.New()}
	for _, e := range o.Have {
		u.have[e.Path] = e
	}
	err = u.sweep(dir)
	if err == nil {
		err = u.all()
	}
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("the stream ends before the tree does: %w", io.ErrUnexpectedEOF)
		}
		return nil, fmt.Errorf("unpack into %s: %w", dir, err)
	}
	if err := flush(dir); err != nil {
		return nil, fmt.Errorf("unpack into %s: %w", dir, err)
	}
	return u.m, nil
}

type unpacker struct {
	ctx  context.Context
	r    *bufio.Reader
	root *os.Root
	o    UnpackOptions
	m    *Manifest
	head head
	seen map[string]bool
	have map[string]Entry
	sum  *xxh3.Hasher
	buf  []byte
	done int64
}

func (u *unpacker) all() error {
	if err := u.readHead(); err != nil {
		return err
	}
	for {
		if u.ctx.Err() != nil {
			return context.Cause(u.ctx)
		}
		kind, err := u.r.ReadByte()
		if err != nil {
			return err
		}
		switch kind {
		case recordDir:
			err = u.dir()
		case recordFile:
			err = u.file()
		case recordHas:
			err = u.had()
		case recordEnd:
			return u.end()
		default:
			err = fmt.Errorf("a record of the unknown kind %q", kind)
		}
		if err != nil {
			return err
		}
	}
}

// sweep removes what is in the directory and not in Have.
func (u *unpacker) sweep(dir string) error {
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		if e, found := u.have[filepath.ToSlash(rel)]; found && e.Dir == d.IsDir() {
			return nil
		}
		if err := u.root.RemoveAll(rel); err != nil {
			return err
		}
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
}

func (u *unpacker) readHead() error {
	b := make([]byte, len(magic)+1)
	if _, err := io.ReadFull(u.r, b); err != nil {
		return err
	}
	if string(b) != magic+string(rune(recordHead)) {
		return errors.New("what arrives is no tree of files")
	}
	if err := u.json(&u.head); err != nil {
		return err
	}
	u.m.Notes = u.head.Notes
	if u.o.Head == nil {
		return nil
	}
	return u.o.Head(u.head.Bytes, u.head.Notes)
}

func (u *unpacker) json(value any) error {
	b, err := readBytes(u.r, longestHead)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, value)
}

// next reads an entry whose name was not there before, in a directory that was.
func (u *unpacker) next() (Entry, error) {
	e, err := readEntry(u.r)
	if err != nil {
		return e, err
	}
	if u.seen[e.Path] {
		return e, fmt.Errorf("%s comes twice", e.Path)
	}
	u.seen[e.Path] = true
	if _, err := u.root.Stat(path.Dir(e.Path)); err != nil {
		return e, err
	}
	return e, nil
}

func (u *unpacker) dir() error {
	e, err := u.next()
	if err != nil {
		return err
	}
	e.Dir = true
	if info, err := u.root.Lstat(e.Path); err == nil && !info.IsDir() {
		if err := u.root.Remove(e.Path); err != nil {
			return err
		}
	}
	if err := u.root.Mkdir(e.Path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := u.root.Chmod(e.Path, e.Mode|0o700); err != nil {
		return err
	}
	return u.whole(e)
}

func (u *unpacker) note(e Entry) {
	kind := byte(recordFile)
	if e.Dir {
		kind = recordDir
	}
	b := appendEntry([]byte{kind}, e)
	if !e.Dir {
		b = append(b, e.Hash[:]...)
	}
	_, _ = u.sum.Write(b)
	u.m.Entries = append(u.m.Entries, e)
}

func (u *unpacker) file() error {
	e, err := u.next()
	if err != nil {
		return err
	}
	if err := u.root.RemoveAll(e.Path); err != nil {
		return err
	}
	f, err := u.root.OpenFile(e.Path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = u.content(f, &e)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("%s: %w", e.Path, err)
	}
	return u.whole(e)
}

func (u *unpacker) whole(e Entry) error {
	u.note(e)
	if u.o.Whole == nil {
		return nil
	}
	return u.o.Whole(e)
}

func (u *unpacker) tell(n int64) {
	u.done += n
	if u.o.Done != nil {
		u.o.Done(u.done)
	}
}

// content writes the chunks of a file up to its end.
func (u *unpacker) content(f *os.File, e *Entry) error {
	h, out := &hasher{h: xxh3.New()}, &writeback{f: f}
	for {
		kind, err := u.r.ReadByte()
		if err != nil {
			return err
		}
		if kind == recordLast {
			break
		}
		if kind != recordChunk {
			return fmt.Errorf("a record of the kind %q in the middle of the file", kind)
		}
		if err := u.chunk(out, h, e.Size); err != nil {
			return err
		}
	}
	u.tell(e.Size - h.at + h.holes)
	h.zeros(e.Size)
	if _, err := io.ReadFull(u.r, e.Hash[:]); err != nil {
		return err
	}
	if got := h.sum(); got != e.Hash {
		return fmt.Errorf("it has the hash %s here and %s at the sender", got, e.Hash)
	}
	if err := f.Truncate(e.Size); err != nil {
		return err
	}
	if err := f.Chmod(e.Mode | 0o600); err != nil {
		return err
	}
	return os.Chtimes(fdPath(f), e.Time, e.Time)
}

func (u *unpacker) chunk(out *writeback, h *hasher, size int64) error {
	at, err := binary.ReadUvarint(u.r)
	if err != nil {
		return err
	}
	n, err := binary.ReadUvarint(u.r)
	if err != nil {
		return err
	}
	if from := int64(at); n > largestChunk || from < h.at || from > size || int64(n) > size-from {
		return fmt.Errorf("a piece of %d bytes at %d does not belong into %d bytes", n, at, size)
	}
	if uint64(cap(u.buf)) < n {
		u.buf = make([]byte, n)
	}
	b := u.buf[:n]
	if _, err := io.ReadFull(u.r, b); err != nil {
		return err
	}
	h.zeros(int64(at))
	h.write(b)
	u.tell(int64(n))
	return out.writeAt(b, int64(at))
}

// had takes a file that is here from before; it was proven when it was listed in Have.
func (u *unpacker) had() error {
	e, err := u.next()
	if err != nil {
		return err
	}
	if _, err := io.ReadFull(u.r, e.Hash[:]); err != nil {
		return err
	}
	if has, found := u.have[e.Path]; !found || has.Dir || has.Size != e.Size || has.Hash != e.Hash {
		return fmt.Errorf("%s is taken for here, and is not", e.Path)
	}
	if info, err := u.root.Lstat(e.Path); err != nil || !info.Mode().IsRegular() || info.Size() != e.Size {
		return errors.Join(fmt.Errorf("%s is no longer here", e.Path), err)
	}
	if err := u.root.Chmod(e.Path, e.Mode|0o600); err != nil {
		return err
	}
	if err := u.root.Chtimes(e.Path, e.Time, e.Time); err != nil {
		return err
	}
	u.tell(e.Size)
	return u.whole(e)
}

func (u *unpacker) end() error {
	var t tail
	if err := u.json(&t); err != nil {
		return err
	}
	got := tail{len(u.m.Entries), u.m.Bytes(), Hash(hashOf(u.sum)).String()}
	if got != t || t.Entries != u.head.Entries || t.Bytes != u.head.Bytes {
		return fmt.Errorf("%d files and directories with %d bytes arrived of %d with %d", got.Entries, got.Bytes, t.Entries, t.Bytes)
	}
	for name := range u.have {
		if !u.seen[name] {
			if err := u.root.RemoveAll(name); err != nil { // of another tree
				return err
			}
		}
	}
	if _, err := u.r.ReadByte(); err == nil {
		return errors.New("something follows the end of the tree")
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func fdPath(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// flush brings everything that was written to the disk of dir, or says what did not get there.
func flush(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return fmt.Errorf("write to the disk: %w", err)
	}
	return nil
}
