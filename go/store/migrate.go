package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/store/migrations"
)

// migration is one numbered file.
type migration struct {
	version    int
	name       string
	statements []string
}

const (
	selectVersion = `SELECT COALESCE(MAX(version), 0) FROM seed_schema_version`
	insertVersion = `INSERT INTO seed_schema_version (version, name, applied_at) VALUES (?, ?, ?)`

	// The lock is the whole server's, so its name has the database in it, as a hash because both may have 64 letters.
	takeMigrationLock = `SELECT GET_LOCK(CONCAT('seed-schema-', LEFT(SHA2(DATABASE(), 256), 32)), 60)`
	freeMigrationLock = `SELECT RELEASE_LOCK(CONCAT('seed-schema-', LEFT(SHA2(DATABASE(), 256), 32)))`
)

// migrate brings the schema to the newest version. Other nodes that do the same wait: on MySQL for a named lock, on SQLite
// they don't get this far.
func (s *Store) migrate(ctx context.Context) error {
	all, err := readMigrations(migrations.FS, s.d.migrations)
	if err != nil {
		return err
	}
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	unlock, err := s.lockMigrations(ctx, conn)
	if err != nil {
		return err
	}
	return errors.Join(s.applyMissing(ctx, conn, all), unlock())
}

func (s *Store) lockMigrations(ctx context.Context, conn *sql.Conn) (unlock func() error, err error) {
	if s.d == &sqliteDialect {
		return func() error { return nil }, nil
	}
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, takeMigrationLock).Scan(&got); err != nil {
		return nil, fmt.Errorf("wait for the schema's lock: %w", err)
	}
	if got.Int64 != 1 {
		return nil, errors.New("another node has been changing the schema for a minute; start again when it is done")
	}
	return func() error {
		var freed sql.NullInt64
		return conn.QueryRowContext(context.WithoutCancel(ctx), freeMigrationLock).Scan(&freed)
	}, nil
}

func (s *Store) applyMissing(ctx context.Context, conn *sql.Conn, all []migration) error {
	if err := s.refuseLegacy(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, s.d.versionTable); err != nil {
		return fmt.Errorf("make the version table: %w", err)
	}
	var have int
	if err := conn.QueryRowContext(ctx, selectVersion).Scan(&have); err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	newest := all[len(all)-1].version
	if have > newest {
		return fmt.Errorf("the database's schema is version %d, this program knows %d: it was used by a newer program; "+
			"install that one, or restore the backup taken before the upgrade", have, newest)
	}
	for _, m := range all[have:] {
		if err := s.apply(ctx, conn, m); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
		s.log.Info("schema migrated", slog.String("migration", m.name))
	}
	return nil
}

// refuseLegacy recognises the tables of an orchestrator that is older than today's seeds, before anything is changed.
func (s *Store) refuseLegacy(ctx context.Context, conn *sql.Conn) error {
	var columns []string
	var name string
	rows, err := conn.QueryContext(ctx, s.d.versionColumns)
	err = each(rows, err, func() error {
		if err := rows.Scan(&name); err != nil {
			return err
		}
		columns = append(columns, name)
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for older tables: %w", err)
	}
	if len(columns) > 0 && !slices.Contains(columns, "data") {
		return errors.New("the tables host_agent, agent_seed and agent_seed_state are those of an older orchestrator, " +
			"which this program does not upgrade: use another database, or rename these three tables")
	}
	return nil
}

// apply runs one file in a transaction. MySQL commits with each definition: there a crash half-way leaves the version
// unwritten, and the file is run again.
func (s *Store) apply(ctx context.Context, conn *sql.Conn, m migration) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	for _, statement := range m.statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%w, in: %s", err, statement)
		}
	}
	if _, err := tx.ExecContext(ctx, insertVersion, m.version, m.name, dbTime(s.clock.Now())); err != nil {
		return err
	}
	return tx.Commit()
}

// readMigrations returns the files of a folder by number, which must be 1, 2, 3, ...
func readMigrations(fsys fs.FS, folder string) ([]migration, error) {
	names, err := fs.Glob(fsys, folder+"/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	if len(names) == 0 {
		return nil, fmt.Errorf("no migrations in %s", folder)
	}
	var all []migration
	for i, file := range names {
		name := strings.TrimSuffix(path.Base(file), ".sql")
		number, _, _ := strings.Cut(name, "_")
		if version, err := strconv.Atoi(number); err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s is not number %d", file, i+1)
		}
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, err
		}
		all = append(all, migration{version: i + 1, name: name, statements: statementsOf(string(text))})
	}
	return all, nil
}

// statementsOf cuts a file at semicolons that end a line, and drops lines that are comments.
func statementsOf(text string) []string {
	var all []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "--") {
			continue
		}
		b.WriteString(line)
		if strings.HasSuffix(strings.TrimRight(line, " \t\r\n"), ";") {
			all = append(all, strings.TrimSpace(b.String()))
			b.Reset()
		}
	}
	if rest := strings.TrimSpace(b.String()); rest != "" {
		all = append(all, rest)
	}
	return all
}
