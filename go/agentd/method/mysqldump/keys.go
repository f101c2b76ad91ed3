package mysqldump

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

// deferFrom is the size of a table's rows, in bytes of the dump, from which its secondary keys are made after loading.
const deferFrom = 4 << 20

// laterKeys are secondary keys of a table that were dropped while it was empty, to be made again by sorting once its rows
// are there, which is faster than one by one, and the more the less of the table fits into the server's memory.
type laterKeys struct {
	before string   // the table as it must be afterwards
	add    []string // "KEY `k` (`k`)"
	enable bool     // MyISAM, Aria: ENABLE KEYS instead
}

// beginTable is called by every stream before it loads a part of the table; the first one's call does the work.
func (l *loader) beginTable(ctx context.Context, s *session, t *rowsOf) error {
	t.start.Do(func() {
		if t.raw >= deferFrom {
			t.startErr = l.dropKeys(ctx, s, t)
		}
	})
	return t.startErr
}

func (l *loader) dropKeys(ctx context.Context, s *session, t *rowsOf) error {
	create, err := showCreate(ctx, s, t)
	if err != nil {
		return err
	}
	k := planKeys(create)
	if k == nil {
		return nil
	}
	defer func() { l.moved(t.raw/keysWeight, "made keys of "+t.db+"."+t.name) }()
	table := dumpsql.Name(t.db) + "." + dumpsql.Name(t.name)
	if k.enable {
		l.later(t, k)
		return s.exec(ctx, "ALTER TABLE "+table+" DISABLE KEYS")
	}
	drops := make([]string, len(k.add))
	for i, key := range k.add {
		name, _, _ := dumpsql.CutName(strings.TrimPrefix(key, "KEY "))
		drops[i] = "DROP KEY " + dumpsql.Name(name)
	}
	// A key that a foreign key or an auto-increment column needs can't be dropped: then all of them stay.
	if err := s.exec(ctx, "SET SESSION foreign_key_checks = 1"); err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, "ALTER TABLE "+table+" "+strings.Join(drops, ", "))
	if err == nil {
		l.later(t, k)
	}
	return s.exec(ctx, "SET SESSION foreign_key_checks = 0")
}

// later notes that a table's keys will be made after its rows, which counts for a part of them.
func (l *loader) later(t *rowsOf, k *laterKeys) {
	t.keys = k
	l.keyed.Add(t.raw / keysWeight)
}

// keysWeight: making the keys of a table takes about a fourth of the time that loading its rows takes.
const keysWeight = 4

// endTable is called once, after the last row.
func (l *loader) endTable(ctx context.Context, s *session, t *rowsOf) error {
	k := t.keys
	if k == nil {
		return nil
	}
	defer func() { l.moved(t.raw/keysWeight, "made keys of "+t.db+"."+t.name) }()
	table := dumpsql.Name(t.db) + "." + dumpsql.Name(t.name)
	l.moved(0, "making keys of "+t.db+"."+t.name)
	if k.enable {
		return s.exec(ctx, "ALTER TABLE "+table+" ENABLE KEYS")
	}
	adds := make([]string, len(k.add))
	for i, key := range k.add {
		adds[i] = "ADD " + key
	}
	if err := s.exec(ctx, "ALTER TABLE "+table+" "+strings.Join(adds, ", ")); err != nil {
		return err
	}
	now, err := showCreate(ctx, s, t)
	if err != nil {
		return err
	}
	if withoutCounter(now) != withoutCounter(k.before) {
		return failed(CodeLoad, "", nil, "table %s.%s is not what it was after its keys were made: %s; before: %s", t.db, t.name, now, k.before)
	}
	return nil
}

func showCreate(ctx context.Context, s *session, t *rowsOf) (string, error) {
	var name, create string
	row := s.QueryRowContext(ctx, "SHOW CREATE TABLE "+dumpsql.Name(t.db)+"."+dumpsql.Name(t.name))
	if err := row.Scan(&name, &create); err != nil {
		return "", loadError(err, fmt.Sprintf("reading the definition of %s.%s", t.db, t.name))
	}
	return create, nil
}

var (
	tableEngine = regexp.MustCompile(`(?m)^\) ENGINE=(\w+)`)
	counter     = regexp.MustCompile(`(?m)^(\) ENGINE=\w+) AUTO_INCREMENT=\d+`)
)

func withoutCounter(create string) string { return counter.ReplaceAllString(create, "$1") }

// planKeys reads a table's definition, as the server prints it, and says which keys to make later; nil for none. All plain
// keys or none: so they come back in their order.
func planKeys(create string) *laterKeys {
	engine := tableEngine.FindStringSubmatch(create)
	if engine == nil {
		return nil
	}
	k := &laterKeys{before: create}
	switch engine[1] {
	case "MyISAM", "Aria":
		k.enable = true
		return k
	case "InnoDB":
	default:
		return nil
	}
	for _, line := range strings.Split(create, "\n") {
		line, body := strings.CutPrefix(line, "  ")
		switch {
		case !body, strings.HasPrefix(line, "`"), strings.HasPrefix(line, "PRIMARY KEY "), strings.HasPrefix(line, "UNIQUE KEY "):
		case strings.HasPrefix(line, "PERIOD FOR "), strings.HasPrefix(line, "CONSTRAINT ") && !strings.Contains(line, " FOREIGN KEY "):
		case strings.HasPrefix(line, "KEY `"):
			k.add = append(k.add, strings.TrimSuffix(line, ","))
		default: // FULLTEXT, SPATIAL, VECTOR, foreign keys, and what is not known here
			return nil
		}
	}
	if len(k.add) == 0 {
		return nil
	}
	return k
}
