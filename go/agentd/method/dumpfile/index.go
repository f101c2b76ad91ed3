package dumpfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Names of the files in the dump's directory.
const (
	DataName  = "dump.sql.zst"
	IndexName = "dump.index.json"
	partName  = IndexName + ".part"
)

const format = 1

// ErrNoDump: there is no complete dump in the directory.
var ErrNoDump = errors.New("no complete dump there")

// Kind says what a frame's statements make.
type Kind string

// The kinds, in the order in which a dump has them first.
const (
	Head     Kind = "head"     // settings of the session that loads it, the position
	Database Kind = "database" // CREATE DATABASE
	Table    Kind = "table"    // a table, a sequence, or the stand-in of a view
	Data     Kind = "data"     // rows: whole INSERT statements
	Trigger  Kind = "trigger"  // triggers of the table before it
	Event    Kind = "event"
	Routine  Kind = "routine"
	View     Kind = "view"
	Tail     Kind = "tail" // settings put back, and the closing line
)

// Frame is one zstd frame of the file. Offsets and lengths are bytes.
type Frame struct {
	Kind   Kind   `json:"k"`
	DB     string `json:"d,omitempty"`
	Name   string `json:"n,omitempty"` // the table or view
	Offset int64  `json:"o"`
	Length int64  `json:"l"`
	Raw    int64  `json:"r"` // uncompressed
	Hash   uint64 `json:"h"` // xxh3 of the compressed bytes
}

// Index is what is known of a complete dump.
type Index struct {
	Format    int
	Flavour   string // of the server that was dumped: MySQL or MariaDB
	Version   string // of that server
	Server    string // what tells that running server apart from others
	Tool      string // the first line of the tool's --version
	Schemas   []string
	Position  agentapi.Metadata
	Raw       int64 // bytes of the whole dump, uncompressed
	Length    int64 // bytes of the file
	Statement int64 // bytes of the longest statement
	// Accounts is what package dumpaccounts made; this package doesn't look into it.
	Accounts json.RawMessage `json:",omitempty"`
	// Rows is the proof of rows that lie beside the dump, of the method that put them there; this package doesn't look into it.
	Rows   json.RawMessage `json:",omitempty"`
	Frames []Frame
}

// ReadIndex reads the index in dir; ErrNoDump when there is none.
func ReadIndex(dir string) (*Index, error) {
	text, err := os.ReadFile(filepath.Join(dir, IndexName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, ErrNoDump)
	}
	if err != nil {
		return nil, fmt.Errorf("read index of the dump: %w", err)
	}
	var x Index
	if err := json.Unmarshal(text, &x); err != nil {
		return nil, fmt.Errorf("read index of the dump: %w", err)
	}
	if x.Format != format {
		return nil, fmt.Errorf("read index of the dump: format %d, this agent knows %d", x.Format, format)
	}
	return &x, nil
}

// Remove removes a dump, complete or not; the index first, so that no other agent takes what is left for a dump.
func Remove(dir string) error {
	for _, name := range []string{IndexName, partName, DataName} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove dump: %w", err)
		}
	}
	return nil
}

func (x *Index) write(dir string) error {
	x.Format = format
	text, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("write index of the dump: %w", err)
	}
	part := filepath.Join(dir, partName)
	if err := writeSynced(part, text); err != nil {
		os.Remove(part)
		return fmt.Errorf("write index of the dump: %w", err)
	}
	if err := os.Rename(part, filepath.Join(dir, IndexName)); err != nil {
		return fmt.Errorf("write index of the dump: %w", err)
	}
	return syncDir(dir)
}

func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
