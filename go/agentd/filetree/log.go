package filetree

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/zeebo/xxh3"
)

// Log is a file that lists what has arrived whole, in order, so that a later attempt at the same tree goes on from there. A
// record that was cut off at its end does not count.
type Log struct{ f *os.File }

const logMagic = "orchestrator-seed log 1\n"

// NewLog makes the file anew. tree names what is received: the sender's word.
func NewLog(path, tree string) (*Log, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	b := binary.AppendUvarint([]byte(logMagic), uint64(len(tree)))
	if _, err := f.Write(append(b, tree...)); err != nil {
		f.Close()
		return nil, err
	}
	return &Log{f}, nil
}

// Add writes a record. Its signature is that of UnpackOptions.Whole.
func (l *Log) Add(e Entry) error {
	kind := byte(recordFile)
	if e.Dir {
		kind = recordDir
	}
	b := append(appendEntry([]byte{kind}, e), e.Hash[:]...)
	_, err := l.f.Write(binary.LittleEndian.AppendUint64(b, xxh3.Hash(b)))
	return err
}

// Close closes the file.
func (l *Log) Close() error { return l.f.Close() }

// ReadLog reads a log and looks which of its files are in dir with the same content still, each byte of them: up to the first
// one that is not.
func ReadLog(ctx context.Context, path, dir string) (tree string, have []Entry, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", nil, err
	}
	tree, entries, err := parseLog(text)
	if err != nil {
		return "", nil, fmt.Errorf("read the list of what has arrived: %w", err)
	}
	for _, e := range entries {
		is, err := isHere(ctx, filepath.Join(dir, filepath.FromSlash(e.Path)), e)
		if err != nil {
			return "", nil, err
		}
		if !is {
			break
		}
		have = append(have, e)
	}
	return tree, have, nil
}

func isHere(ctx context.Context, path string, e Entry) (bool, error) {
	info, err := os.Lstat(path)
	if err != nil || info.IsDir() != e.Dir || !e.Dir && (!info.Mode().IsRegular() || info.Size() != e.Size) {
		return false, nil
	}
	if e.Dir {
		return true, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	h, err := hashFile(ctx, f, e.Size)
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	return err == nil && h == e.Hash, nil
}

func parseLog(text []byte) (tree string, entries []Entry, err error) {
	rest, ok := bytes.CutPrefix(text, []byte(logMagic))
	if !ok {
		return "", nil, errors.New("it is none")
	}
	in := bytes.NewReader(rest)
	r := bufio.NewReader(in)
	name, err := readBytes(r, longestPath)
	if err != nil {
		return "", nil, errors.New("it is cut")
	}
	for {
		e, err := logRecord(r)
		if err != nil {
			return string(name), entries, nil // the last one, cut off
		}
		entries = append(entries, e)
	}
}

func logRecord(r *bufio.Reader) (Entry, error) {
	kind, err := r.ReadByte()
	if err != nil {
		return Entry{}, err
	}
	e, err := readEntry(r)
	if err != nil {
		return e, err
	}
	e.Dir = kind == recordDir
	var sum [8]byte
	if _, err := io.ReadFull(r, e.Hash[:]); err != nil {
		return e, err
	}
	if _, err := io.ReadFull(r, sum[:]); err != nil {
		return e, err
	}
	if xxh3.Hash(append(appendEntry([]byte{kind}, e), e.Hash[:]...)) != binary.LittleEndian.Uint64(sum[:]) {
		return e, errors.New("damaged")
	}
	return e, nil
}
