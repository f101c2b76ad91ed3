package filetree

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/zeebo/xxh3"
)

// Hash is the XXH3 hash (128 bits) of a file's content, holes as zeros.
type Hash [16]byte

// String is the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Entry is a directory or a file of a tree.
type Entry struct {
	Path string // with slashes, relative, clean
	Dir  bool
	Mode fs.FileMode // permission bits
	Size int64       // bytes; 0 of a directory
	Time time.Time   // of the last change of the content
	Hash Hash        // zero of a directory
}

const (
	longestPath  = 4096
	longestHead  = 16 << 20
	largestChunk = 4 << 20
)

// checkPath refuses what could lead out of a directory, or name the same thing twice.
func checkPath(p string) error {
	if p == "" || len(p) > longestPath || p == "." || path.Clean(p) != p || path.IsAbs(p) || p == ".." || strings.HasPrefix(p, "../") || strings.ContainsRune(p, 0) {
		return fmt.Errorf("a file cannot have the path %.200q", p)
	}
	return nil
}

// appendEntry writes everything but the hash.
func appendEntry(b []byte, e Entry) []byte {
	b = binary.AppendUvarint(b, uint64(len(e.Path)))
	b = append(b, e.Path...)
	b = binary.AppendUvarint(b, uint64(e.Mode.Perm()))
	b = binary.AppendUvarint(b, uint64(e.Size))
	return binary.AppendVarint(b, e.Time.UnixNano())
}

func readEntry(r *bufio.Reader) (Entry, error) {
	name, err := readBytes(r, longestPath)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Path: string(name)}
	if err := checkPath(e.Path); err != nil {
		return Entry{}, err
	}
	mode, err := binary.ReadUvarint(r)
	if err != nil {
		return Entry{}, err
	}
	e.Mode = fs.FileMode(mode).Perm()
	size, err := binary.ReadUvarint(r)
	if err != nil {
		return Entry{}, err
	}
	if e.Size = int64(size); e.Size < 0 {
		return Entry{}, fmt.Errorf("%s has an impossible size", e.Path)
	}
	at, err := binary.ReadVarint(r)
	e.Time = time.Unix(0, at)
	return e, err
}

func readBytes(r *bufio.Reader, most uint64) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	if n > most {
		return nil, fmt.Errorf("a record of %d bytes", n)
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return b, err
}

// Manifest is what a tree consists of, in the order in which it was packed.
type Manifest struct {
	Entries []Entry
	Notes   map[string]string // the sender's
}

// Bytes is the size of all files.
func (m *Manifest) Bytes() (n int64) {
	for _, e := range m.Entries {
		n += e.Size
	}
	return n
}

const manifestMagic = "orchestrator-seed manifest 1\n"

// WriteTo implements io.WriterTo: the manifest as ReadManifest takes it, without the notes.
func (m *Manifest) WriteTo(w io.Writer) (int64, error) {
	b := []byte(manifestMagic)
	sum := xxh3.New()
	for _, e := range m.Entries {
		kind := byte(recordFile)
		if e.Dir {
			kind = recordDir
		}
		at := len(b)
		b = append(appendEntry(append(b, kind), e), e.Hash[:]...)
		_, _ = sum.Write(b[at:])
	}
	b = append(append(b, recordEnd), hashOf(sum)...)
	n, err := w.Write(b)
	return int64(n), err
}

// ReadManifest reads what WriteTo wrote; a part of it, or anything else, is an error.
func ReadManifest(src io.Reader) (*Manifest, error) {
	r := bufio.NewReader(src)
	m, err := readManifest(r)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it is cut")
	}
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	return m, nil
}

func readManifest(r *bufio.Reader) (*Manifest, error) {
	head := make([]byte, len(manifestMagic))
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	if string(head) != manifestMagic {
		return nil, errors.New("it is none")
	}
	m, sum := &Manifest{}, xxh3.New()
	for {
		kind, err := r.ReadByte()
		if err != nil {
			return nil, err
		}
		if kind == recordEnd {
			var want Hash
			if _, err := io.ReadFull(r, want[:]); err != nil {
				return nil, err
			}
			if want != Hash(hashOf(sum)) {
				return nil, errors.New("it is damaged")
			}
			return m, nil
		}
		if kind != recordDir && kind != recordFile {
			return nil, fmt.Errorf("a record of the unknown kind %q", kind)
		}
		e, err := readEntry(r)
		if err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(r, e.Hash[:]); err != nil {
			return nil, err
		}
		e.Dir = kind == recordDir
		_, _ = sum.Write(append(appendEntry([]byte{kind}, e), e.Hash[:]...))
		m.Entries = append(m.Entries, e)
	}
}

func hashOf(h *xxh3.Hasher) []byte {
	sum := h.Sum128().Bytes()
	return sum[:]
}
