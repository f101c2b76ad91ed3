package mysqldump

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpfile"
)

// rowsOf is a table with rows.
type rowsOf struct {
	db, name string
	raw      int64
	frames   []dumpfile.Frame
	parts    atomic.Int64 // still to be loaded
	keys     *laterKeys
	start    sync.Once
	startErr error
}

// part is what one stream loads at a time: a table, or some frames of a large one.
type part struct {
	table  *rowsOf
	frames []dumpfile.Frame
	raw    int64
}

// rows loads all rows by several streams, the largest tables first so that the streams end together.
func (l *loader) rows(ctx context.Context) error {
	parts := splitTables(tablesWithRows(l.d.Frames), l.m.o.Streams)
	todo := make(chan part, len(parts))
	for _, p := range parts {
		todo <- p
	}
	close(todo)
	g, ctx := errgroup.WithContext(ctx)
	for range min(l.m.o.Streams, len(parts)) {
		g.Go(func() error { return l.stream(ctx, todo) })
	}
	return g.Wait()
}

func (l *loader) stream(ctx context.Context, todo <-chan part) error {
	s, err := l.open(ctx)
	if err != nil {
		return err
	}
	defer s.end()
	r, err := l.d.NewReader()
	if err != nil {
		return err
	}
	defer r.Close()
	var buf []byte
	for p := range todo {
		if err := l.beginTable(ctx, s, p.table); err != nil {
			return err
		}
		if err := s.use(ctx, p.table.db); err != nil {
			return err
		}
		for _, f := range p.frames {
			if buf, err = l.inserts(ctx, s, r, f, buf); err != nil {
				return err
			}
			if cap(buf) > 64<<20 {
				buf = nil
			}
		}
		if p.table.parts.Add(-1) == 0 {
			if err := l.endTable(ctx, s, p.table); err != nil {
				return err
			}
		}
	}
	return nil
}

func tablesWithRows(frames []dumpfile.Frame) []*rowsOf {
	var tables []*rowsOf
	byName := map[[2]string]*rowsOf{}
	for _, f := range frames {
		if f.Kind != dumpfile.Data || f.DB == "" {
			continue
		}
		key := [2]string{f.DB, f.Name}
		t := byName[key]
		if t == nil {
			t = &rowsOf{db: f.DB, name: f.Name}
			byName[key] = t
			tables = append(tables, t)
		}
		t.frames = append(t.frames, f)
		t.raw += f.Raw
	}
	return tables
}

// splitTables cuts tables that are too large for one stream into parts of neighbouring frames, and orders all parts by size.
func splitTables(tables []*rowsOf, streams int) []part {
	var total int64
	for _, t := range tables {
		total += t.raw
	}
	fair := max(total/int64(2*streams), 4*frameSize)
	var parts []part
	for _, t := range tables {
		n := min(int64(len(t.frames)), max(1, (t.raw+fair-1)/fair))
		if streams == 1 {
			n = 1
		}
		mine := cutFrames(t, t.raw/n+1)
		t.parts.Store(int64(len(mine)))
		parts = append(parts, mine...)
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.table.raw, a.table.raw) })
	return parts
}

func cutFrames(t *rowsOf, each int64) []part {
	var parts []part
	p := part{table: t}
	for _, f := range t.frames {
		p.frames = append(p.frames, f)
		p.raw += f.Raw
		if p.raw >= each {
			parts = append(parts, p)
			p = part{table: t}
		}
	}
	if len(p.frames) > 0 {
		parts = append(parts, p)
	}
	return parts
}
