package mydumper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
)

// rowCounter counts the rows in the text of a file of mydumper's: each begins a line of its own, with a parenthesis, and holds
// no line break. The file's last line ends a statement.
type rowCounter struct {
	n      int64
	inLine bool
	last   [2]byte
}

// errCut: a file ends in the middle of a statement.
var errCut = errors.New("it ends in the middle of a statement")

func (c *rowCounter) cut() bool {
	return c.last != [2]byte{} && c.last != [2]byte{';', '\n'}
}

// Write implements io.Writer.
func (c *rowCounter) Write(p []byte) (int, error) {
	n := len(p)
	switch {
	case n > 1:
		c.last = [2]byte(p[n-2:])
	case n == 1:
		c.last = [2]byte{c.last[1], p[0]}
	}
	for len(p) > 0 {
		if !c.inLine && p[0] == '(' {
			c.n++
		}
		end := bytes.IndexByte(p, '\n')
		if c.inLine = end < 0; c.inLine {
			break
		}
		p = p[end+1:]
	}
	return n, nil
}

// countRows reads r, a data file of that name, to its end; errCut when the text has none.
func countRows(name string, r io.Reader) (rows int64, err error) {
	var c rowCounter
	switch {
	case !dataFile(name):
	case strings.HasSuffix(name, ".gz"):
		z, err := gzip.NewReader(r)
		if err == io.EOF { // an empty file is one without rows
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		if _, err := io.Copy(&c, z); err != nil {
			return 0, err
		}
	case strings.HasSuffix(name, ".zst"):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return 0, err
		}
		defer z.Close()
		if _, err := io.Copy(&c, z); err != nil {
			return 0, err
		}
	default:
		if _, err := io.Copy(&c, r); err != nil {
			return 0, err
		}
	}
	if _, err = io.Copy(io.Discard, r); err == nil && c.cut() {
		err = errCut
	}
	return c.n, err
}

// counts are the numbers of rows by table.
func (p *proof) counts() map[string]int64 {
	counts := map[string]int64{}
	for _, f := range p.Files {
		if name := p.table(f); name != "" {
			counts[name] += f.Rows
		}
	}
	return counts
}

// differ names the first table whose files hold another number of rows than mydumper says (0.15 and later do); "" for none.
func (p *proof) differ(said map[string]int64) string {
	counts := p.counts()
	for _, name := range slices.Sorted(maps.Keys(said)) {
		if n, there := counts[name]; there && n != said[name] {
			return fmt.Sprintf("mydumper counted %d rows in %s, and its files hold %d", said[name], name, n)
		}
	}
	return ""
}

// checkRows counts the rows that have arrived in each table.
func (c *carrier) checkRows(ctx context.Context, p *proof) error {
	db, err := c.o.Servers.Open(ctx, c.o.Servers.Local())
	if err != nil {
		return failed(mysqldump.CodeConnection, "see the error log of the target's MySQL", err, "")
	}
	defer db.Close()
	counts := p.counts()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(c.o.Threads)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		g.Go(func() error {
			schema, table, _ := strings.Cut(name, ".")
			var n int64
			if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+dumpsql.Name(schema)+"."+dumpsql.Name(table)).Scan(&n); err != nil {
				return fmt.Errorf("count the rows of %s: %w", name, err)
			}
			if want := counts[name]; n != want {
				return failed(mysqldump.CodeLoad, "retry the seed at Restore; if it happens again, report it and use Mysqldump", nil,
					"myloader ended with success, but %s has %d rows instead of %d", name, n, want)
			}
			return nil
		})
	}
	return g.Wait()
}
