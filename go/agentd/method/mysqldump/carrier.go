package mysqldump

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpfile"
)

// Carrier carries the rows of all tables in place of the dump program: another seed method whose tool is good at rows. What
// is around them (tables, views, triggers, routines, events, sequences, accounts) and every rule of dropping and loading
// stay this package's. The definitions are read before and after the rows and must be the same, so that they fit them.
type Carrier interface {
	Method() agentapi.Method
	// Check says why the carrier cannot be used with this server, if so.
	Check(ctx context.Context, server host.Server) error
	// Dump puts the rows into w.Dir and returns where they stand and what proves them later. It leaves nothing after an error.
	Dump(ctx context.Context, w *method.Work, from CarrierSource) (agentapi.Metadata, json.RawMessage, error)
	// Verify holds every byte in w.Dir against the proof.
	Verify(ctx context.Context, w *method.Work, proof json.RawMessage) error
	// Load loads the rows into the tables of the local server, which are there and empty, without writing a binary log.
	Load(ctx context.Context, w *method.Work, server host.Server, proof json.RawMessage) error
	// Sizes are the bytes of rows by table.
	Sizes(proof json.RawMessage) (map[CarrierTable]int64, error)
	// Remove removes everything of the carrier's in dir.
	Remove(dir string) error
}

// CarrierTable is a table with rows.
type CarrierTable struct{ Schema, Name string }

// CarrierSource is the server to dump rows of.
type CarrierSource struct {
	DB      *sql.DB
	Addr    host.Address
	Server  host.Server
	Schemas []string // the user's
	Bytes   int64    // of the rows, as the server estimates them
	// NonTransactional are tables with rows whose engines have no transactions, by engine: "3 MyISAM".
	NonTransactional []string
}

// dumpAll dumps everything, the rows by the carrier if there is one.
func (m *Mysqldump) dumpAll(ctx context.Context, w *method.Work, db *sql.DB, src *source, addr host.Address) (*written, error) {
	if m.o.Carrier == nil {
		return m.dump(ctx, w, src, addr, nil)
	}
	w.Run.Say(fmt.Sprintf("dumping the rows of %d schemas (%s) of %s %s at %s", len(src.schemas), method.Size(src.bytes), src.server.Flavour, src.server.Version, addr))
	if len(src.nonTransactional) > 0 {
		w.Run.Say("the source has tables without transactions (" + strings.Join(src.nonTransactional, ", ") +
			"): all its tables are locked against writes until these are dumped")
	}
	for _, lost := range src.lost {
		w.Run.Say("warning: a dump does not carry " + lost)
	}
	var packet int64
	if err := db.QueryRowContext(ctx, "SELECT @@GLOBAL.max_allowed_packet").Scan(&packet); err != nil {
		return nil, fmt.Errorf("read the source's max_allowed_packet: %w", err)
	}
	bare := *src
	bare.nonTransactional, bare.bytes, bare.history = nil, 0, false // no rows are read, so no locks are needed
	if src.history {
		w.Run.Say("warning: the source has system-versioned tables: their rows of the past are not carried; Mysqldump carries them")
	}
	before := &definitions{}
	quiet := *w
	quiet.Run = standing{w.Run, 0, src.bytes}
	first, err := m.dump(ctx, &quiet, &bare, addr, before)
	if err != nil {
		return nil, err
	}
	if err := first.writer.Discard(); err != nil {
		return nil, err
	}
	pos, proof, err := m.o.Carrier.Dump(ctx, w, CarrierSource{DB: db, Addr: addr, Server: src.server, Schemas: src.schemas, Bytes: src.bytes,
		NonTransactional: src.nonTransactional})
	if err != nil {
		return nil, cause(ctx, err)
	}
	sizes, err := m.o.Carrier.Sizes(proof)
	if err != nil {
		return nil, errors.Join(err, m.o.Carrier.Remove(w.Dir))
	}
	carried := sum(sizes)
	quiet.Run = standing{w.Run, carried, carried}
	after := &definitions{}
	index, err := m.dump(ctx, &quiet, &bare, addr, after)
	if err != nil {
		return nil, errors.Join(err, m.o.Carrier.Remove(w.Dir))
	}
	if diff := before.diff(after); diff != "" {
		return nil, errors.Join(failed(CodeDefinitions, "change definitions on the source before or after a backup, not during it", nil,
			"definitions changed during the backup: %s", diff), index.writer.Discard(), m.o.Carrier.Remove(w.Dir))
	}
	index.Position, index.Rows, index.carried = pos, proof, carried
	index.Statement = max(index.Statement, 2*packet) // quoting makes a row at most twice as long
	return index, nil
}

// standing is a Runner whose progress stands: definitions are next to nothing beside the rows.
type standing struct {
	method.Runner
	bytes, total int64
}

// Progress implements method.Runner.
func (s standing) Progress(_, _ int64, _ string) {
	s.Runner.Progress(s.bytes, s.total, "reading definitions")
}

func sum(sizes map[CarrierTable]int64) (n int64) {
	for _, size := range sizes {
		n += size
	}
	return n
}

// withoutRows makes the dump program write every section, and no row.
func withoutRows(args []string) []string {
	return slices.Insert(slices.Clone(args), 1, "--where=FALSE")
}

// allRows loads the rows, by the carrier if there is one.
func (l *loader) allRows(ctx context.Context) error {
	if l.m.o.Carrier == nil {
		return l.rows(ctx)
	}
	sizes, err := l.m.o.Carrier.Sizes(l.d.Rows)
	if err != nil {
		return err
	}
	var tables []*rowsOf
	for t, n := range sizes {
		if n >= deferFrom {
			tables = append(tables, &rowsOf{db: t.Schema, name: t.Name, raw: n})
		}
	}
	slices.SortFunc(tables, func(a, b *rowsOf) int { return cmp.Compare(b.raw, a.raw) })
	if err := l.eachTable(ctx, tables, l.beginTable); err != nil {
		return err
	}
	base := l.done.Load()
	w := *l.w
	w.Run = carrierRun{l.w.Run, l, base}
	if err := l.m.o.Carrier.Load(ctx, &w, l.server, l.d.Rows); err != nil {
		return err
	}
	l.done.Store(base + l.carried)
	return l.eachTable(ctx, tables, l.endTable)
}

// eachTable runs do for every table, as many at a time as there are streams.
func (l *loader) eachTable(ctx context.Context, tables []*rowsOf, do func(context.Context, *session, *rowsOf) error) error {
	todo := make(chan *rowsOf, len(tables))
	for _, t := range tables {
		todo <- t
	}
	close(todo)
	g, ctx := errgroup.WithContext(ctx)
	for range min(l.m.o.Streams, len(tables)) {
		g.Go(func() error {
			s, err := l.open(ctx)
			if err != nil {
				return err
			}
			defer s.end()
			for t := range todo {
				if err := do(ctx, s, t); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// definitions hashes the sections that go through it, without the counters in them, which move while rows are written.
type definitions struct {
	sections
	now    *xxh3.Hasher
	hashes map[string]*xxh3.Hasher
}

// Begin implements sections.
func (d *definitions) Begin(kind dumpfile.Kind, db, name string) error {
	d.now = nil
	if kind != dumpfile.Head && kind != dumpfile.Tail && kind != dumpfile.Data {
		what := strings.TrimSuffix(fmt.Sprintf("%s %s.%s", kind, db, name), ".")
		if d.hashes == nil {
			d.hashes = map[string]*xxh3.Hasher{}
		}
		if d.hashes[what] == nil {
			d.hashes[what] = xxh3.New()
		}
		d.now = d.hashes[what]
	}
	return d.sections.Begin(kind, db, name)
}

// Write implements io.Writer; a call is a line.
func (d *definitions) Write(line []byte) (int, error) {
	if d.now != nil && !strings.HasPrefix(string(line), "DO SETVAL(") {
		_, _ = d.now.WriteString(withoutCounter(string(line)))
	}
	return d.sections.Write(line)
}

// diff names what differs, in words; "" when nothing does.
func (d *definitions) diff(later *definitions) string {
	all := map[string]*xxh3.Hasher{}
	maps.Copy(all, d.hashes)
	maps.Copy(all, later.hashes)
	var diff []string
	for _, what := range slices.Sorted(maps.Keys(all)) {
		switch a, b := d.hashes[what], later.hashes[what]; {
		case a == nil:
			diff = append(diff, what+" is new")
		case b == nil:
			diff = append(diff, what+" was dropped")
		case a.Sum64() != b.Sum64():
			diff = append(diff, what+" was altered")
		}
	}
	return strings.Join(diff, ", ")
}
