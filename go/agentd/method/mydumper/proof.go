package mydumper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
)

// proof is what the rows' directory holds, in the order of names.
type proof struct {
	Files []file
	// Tables is Metadata's.
	Tables map[string]string `json:",omitempty"`
}

type file struct {
	Name string
	Size int64
	Hash uint64 // xxh3
	Rows int64
}

// prove reads every file of dir, and counts the rows in them if told so. What does not reach the disk after that is found by Verify.
func prove(ctx context.Context, dir string, count bool) (*proof, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list rows: %w", err)
	}
	var p proof
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, err := hash(ctx, filepath.Join(dir, e.Name()), count)
		if errors.Is(err, errCut) {
			return nil, failed(mysqldump.CodeCut, "see the source's error log", err, "mydumper ended with success, but its file %s is cut", e.Name())
		}
		if err != nil {
			return nil, fmt.Errorf("read rows: %w", err)
		}
		p.Files = append(p.Files, f)
	}
	return &p, nil
}

func hash(ctx context.Context, path string, count bool) (file, error) {
	f, err := os.Open(path)
	if err != nil {
		return file{}, err
	}
	defer f.Close()
	h := &hashed{h: xxh3.New()}
	r := io.TeeReader(&cancelled{ctx, f}, h)
	name := filepath.Base(path)
	var rows int64
	if count {
		rows, err = countRows(name, r)
	} else {
		_, err = io.Copy(io.Discard, r)
	}
	return file{Name: name, Size: h.n, Hash: h.h.Sum64(), Rows: rows}, err
}

// hashed hashes and counts what is written into it.
type hashed struct {
	h *xxh3.Hasher
	n int64
}

// Write implements io.Writer.
func (h *hashed) Write(p []byte) (int, error) {
	h.n += int64(len(p))
	return h.h.Write(p)
}

// cancelled is a reader that ends with its context.
type cancelled struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (c *cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

func (p *proof) bytes() int64 {
	var n int64
	for _, f := range p.Files {
		n += f.Size
	}
	return n
}

// table is the schema.table that a file has rows of, "" if it has none. Names hold no point: see oddName.
func (p *proof) table(f file) string {
	parts := strings.Split(f.Name, ".")
	if len(parts) < 3 || !dataFile(f.Name) {
		return ""
	}
	name := parts[0] + "." + parts[1]
	if real := p.Tables[name]; real != "" {
		return real
	}
	return name
}

// part is the number in a file's name, 0 if there is none.
func (f file) part() int {
	parts := strings.Split(f.Name, ".")
	if len(parts) < 3 {
		return 0
	}
	n, err := strconv.Atoi(parts[2])
	if err != nil {
		return 0
	}
	return n
}

// missing lists the tables that no file is there for.
func (p *proof) missing(tables []string) []string {
	there := map[string]bool{}
	for _, f := range p.Files {
		there[p.table(f)] = true
	}
	var missing []string
	for _, t := range tables {
		if !there[t] {
			missing = append(missing, t)
		}
	}
	return missing
}

// Verify implements mysqldump.Carrier.
func (c *carrier) Verify(ctx context.Context, w *method.Work, raw json.RawMessage) error {
	want, err := parseProof(raw)
	if err != nil {
		return err
	}
	w.Run.Progress(0, want.bytes(), "checking the rows")
	now, err := prove(ctx, filepath.Join(w.Dir, rowsDir), false)
	if err != nil {
		return err
	}
	for i, f := range want.Files {
		f.Rows = 0
		if i >= len(now.Files) || now.Files[i] != f {
			return fmt.Errorf("file %s of the rows is not what was written", f.Name)
		}
	}
	if len(now.Files) > len(want.Files) {
		return errors.New("there are files among the rows that were not written by the backup")
	}
	return nil
}

func parseProof(raw json.RawMessage) (*proof, error) {
	var p proof
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, fmt.Errorf("read the proof of the rows: %w", err)
	}
	if len(p.Files) == 0 {
		return nil, errors.New("the proof of the rows names no file")
	}
	return &p, nil
}

// Sizes implements mysqldump.Carrier.
func (c *carrier) Sizes(raw json.RawMessage) (map[mysqldump.CarrierTable]int64, error) {
	p, err := parseProof(raw)
	if err != nil {
		return nil, err
	}
	sizes := map[mysqldump.CarrierTable]int64{}
	for _, f := range p.Files {
		if schema, table, found := strings.Cut(p.table(f), "."); found {
			sizes[mysqldump.CarrierTable{Schema: schema, Name: table}] += f.Size
		}
	}
	return sizes, nil
}
