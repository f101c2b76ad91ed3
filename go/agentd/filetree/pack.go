package filetree

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/zeebo/xxh3"
	"golang.org/x/sys/unix"
)

const magic = "orchestrator-seed tree 1\n"

const (
	recordHead  = 'H'
	recordDir   = 'D'
	recordFile  = 'F'
	recordChunk = 'C'
	recordLast  = 'E' // of a file
	recordHas   = 'S'
	recordEnd   = 'Z'
)

const chunk = 1 << 20

type head struct {
	Entries int
	Bytes   int64
	Notes   map[string]string `json:",omitempty"`
}

type tail struct {
	Entries int
	Bytes   int64
	Hash    string // over all entries with their hashes
}

// PackOptions may be left empty.
type PackOptions struct {
	Notes map[string]string // travel with the tree
	// Has is how many of the first entries the receiver has whole from an earlier attempt at this same tree: of their files only
	// the hash is sent.
	Has int
	// Done is told the bytes of files that are over, packed or not needed; often.
	Done func(bytes int64)
	// Last is called when everything was read, before the end is written; its error takes the end's place.
	Last func() error
}

// Pack writes the stream of a tree. A file whose size is no longer what Scan found is an error.
func Pack(ctx context.Context, dst io.Writer, t *Tree, o PackOptions) (*Manifest, error) {
	p := &packer{ctx: ctx, dst: dst, tree: t, o: o, sum: xxh3.New(), buf: make([]byte, headroom+chunk)}
	m := &Manifest{Notes: o.Notes}
	if err := p.json([]byte(magic+string(rune(recordHead))), head{len(t.Entries), t.Bytes, o.Notes}); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	for i := range t.Entries {
		e, err := p.entry(i)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", t.Entries[i].Path, err)
		}
		m.Entries = append(m.Entries, e)
	}
	if o.Last != nil {
		if err := o.Last(); err != nil {
			return nil, err
		}
	}
	if err := p.json([]byte{recordEnd}, tail{len(t.Entries), t.Bytes, Hash(hashOf(p.sum)).String()}); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return m, nil
}

// headroom is what comes before the bytes of a chunk, at most.
const headroom = 1 + 2*binary.MaxVarintLen64

type packer struct {
	ctx  context.Context
	dst  io.Writer
	tree *Tree
	o    PackOptions
	sum  *xxh3.Hasher // over the entries
	buf  []byte
	done int64
}

func (p *packer) write(b []byte) error {
	if p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	_, err := p.dst.Write(b)
	return err
}

func (p *packer) json(before []byte, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return p.write(append(binary.AppendUvarint(before, uint64(len(b))), b...))
}

func (p *packer) entry(i int) (Entry, error) {
	e := p.tree.Entries[i]
	if e.Dir {
		b := appendEntry([]byte{recordDir}, e)
		_, _ = p.sum.Write(b)
		return e, p.write(b)
	}
	f, err := p.tree.open(i)
	if err != nil {
		return e, err
	}
	defer f.Close()
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_SEQUENTIAL) // a hint
	if i < p.o.Has {
		if e.Hash, err = hashFile(p.ctx, f, e.Size); err != nil {
			return e, err
		}
		return e, p.had(e)
	}
	if err := p.write(appendEntry([]byte{recordFile}, e)); err != nil {
		return e, err
	}
	if e.Hash, err = p.content(f, e.Size); err != nil {
		return e, err
	}
	_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // nobody reads the snapshot again: the server needs the memory
	p.note(e)
	return e, p.write(append([]byte{recordLast}, e.Hash[:]...))
}

func (p *packer) note(e Entry) {
	_, _ = p.sum.Write(append(appendEntry([]byte{recordFile}, e), e.Hash[:]...))
}

func (p *packer) had(e Entry) error {
	p.note(e)
	p.tell(e.Size)
	return p.write(append(appendEntry([]byte{recordHas}, e), e.Hash[:]...))
}

func (p *packer) tell(n int64) {
	p.done += n
	if p.o.Done != nil {
		p.o.Done(p.done)
	}
}

// content packs what is no hole and returns the hash of all.
func (p *packer) content(f *os.File, size int64) (Hash, error) {
	h := &hasher{h: xxh3.New()}
	err := extents(f, size, func(from, to int64) error {
		for from < to {
			n, err := f.ReadAt(p.buf[headroom:headroom+int(min(chunk, to-from))], from)
			if n == 0 && err != nil {
				return changed(err)
			}
			data := p.buf[headroom : headroom+n]
			h.zeros(from)
			h.write(data)
			if err := p.chunk(from, data); err != nil {
				return err
			}
			p.tell(int64(n))
			from += int64(n)
		}
		return nil
	})
	if err != nil {
		return Hash{}, err
	}
	p.tell(size - h.at + h.holes)
	h.zeros(size)
	return h.sum(), whole(f, size)
}

// chunk writes data, which lies behind the headroom of p.buf, with its head in one piece.
func (p *packer) chunk(at int64, data []byte) error {
	var b [headroom]byte
	b[0] = recordChunk
	n := 1 + binary.PutUvarint(b[1:], uint64(at))
	n += binary.PutUvarint(b[n:], uint64(len(data)))
	copy(p.buf[headroom-n:], b[:n])
	return p.write(p.buf[headroom-n : headroom+len(data)])
}

// whole refuses a file that is longer than it was.
func whole(f *os.File, size int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() != size {
		return fmt.Errorf("it does not stand still: it had %d bytes and has %d", size, info.Size())
	}
	return nil
}

// changed explains an error of reading: the end of the file too soon.
func changed(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	return errors.New("it does not stand still: it is shorter than it was")
}
