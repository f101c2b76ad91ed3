package sandbox

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Difference is one thing that two servers do not have alike.
type Difference struct {
	Object string // "table `s`.`t`", "rows of `s`.`t`", "account 'u'@'h'", ...
	A, B   string // as each has it; "" where it is missing
}

func (d Difference) String() string {
	switch {
	case d.A == "":
		return d.Object + ": only the second server has it: " + d.B
	case d.B == "":
		return d.Object + ": only the first server has it: " + d.A
	}
	return fmt.Sprintf("%s differs:\n  first:  %s\n  second: %s", d.Object, d.A, d.B)
}

// Compare proves that b holds what a holds, or says where not, sorted by object: schemas, tables, views, triggers, routines,
// events and sequences by the statements that make them, definers, character sets and sql_mode included; the rows of every
// table by number and hash of all column values as text; accounts and roles with password hashes, requirements, grants and
// default roles. It leaves out the server's own schemas and accounts. An event that is enabled on a and disabled because b
// is a replica is alike; not the other way round. Floating point numbers are alike when the server prints them alike, which
// is all that a dump carries over. Both must stand still; db must be an account that may read all.
func Compare(ctx context.Context, a, b *sql.DB) ([]Difference, error) {
	var all [2]inventory
	group, ctx := errgroup.WithContext(ctx)
	for i, db := range []*sql.DB{a, b} {
		group.Go(func() (err error) {
			if all[i], err = takeInventory(ctx, db); err != nil {
				err = fmt.Errorf("compare: %s server: %w", []string{"first", "second"}[i], err)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return all[0].differences(all[1]), nil
}

// inventory is everything a server has, object to definition or hash.
type inventory map[string]string

func (a inventory) differences(b inventory) []Difference {
	var found []Difference
	for object, is := range a {
		if other, ok := b[object]; !ok || !alike(object, is, other) {
			found = append(found, Difference{Object: object, A: is, B: other})
		}
	}
	for object, is := range b {
		if _, ok := a[object]; !ok {
			found = append(found, Difference{Object: object, B: is})
		}
	}
	slices.SortFunc(found, func(x, y Difference) int { return cmp.Compare(x.Object, y.Object) })
	return found
}

func alike(object, a, b string) bool {
	if a == b {
		return true
	}
	if !strings.HasPrefix(object, "event ") {
		return false
	}
	for _, disabled := range []string{" DISABLE ON SLAVE ", " DISABLE ON REPLICA "} {
		if strings.Replace(b, disabled, " ENABLE ", 1) == a {
			return true
		}
	}
	return false
}

func takeInventory(ctx context.Context, db *sql.DB) (inventory, error) {
	kind, err := kindOf(ctx, db)
	if err != nil {
		return nil, err
	}
	found := inventory{}
	var tables []table
	err = ownSession(ctx, db, func(conn *sql.Conn) error {
		if err := plainSession(ctx, conn, kind); err != nil {
			return err
		}
		if tables, err = listObjects(ctx, conn, found); err != nil {
			return err
		}
		return listAccounts(ctx, conn, kind, found)
	})
	if err != nil {
		return nil, err
	}
	contents, err := hashTables(ctx, db, kind, tables)
	maps.Copy(found, contents)
	return found, err
}

// plainSession makes answers independent of the server's settings.
func plainSession(ctx context.Context, conn *sql.Conn, kind Kind) error {
	statements := []string{"SET NAMES utf8mb4", "SET SESSION sql_mode = '', time_zone = '+00:00', sql_quote_show_create = 1"}
	if kind == MySQL97 {
		statements = append(statements, "SET SESSION print_identified_with_as_hex = ON, max_execution_time = 0")
	}
	return execAll(ctx, conn, statements...)
}
