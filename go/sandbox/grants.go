package sandbox

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// listAccounts enters accounts and roles with everything that belongs to them.
func listAccounts(ctx context.Context, db queryer, kind Kind, found inventory) error {
	query := "SELECT user AS u, host AS h FROM mysql.user WHERE user NOT LIKE 'mysql.%' AND user <> 'mariadb.sys'"
	if kind == MariaDB {
		query = "SELECT user AS u, host AS h, is_role AS role, default_role AS d FROM mysql.user WHERE user <> 'mariadb.sys'"
	}
	accounts, err := queryRows(ctx, db, query)
	if err != nil {
		return err
	}
	for _, r := range accounts {
		name := quoteString(r["u"]) + "@" + quoteString(r["h"])
		what := "account "
		if r["role"] == "Y" {
			name, what = quoteString(r["u"]), "role "
			if r["u"] == "PUBLIC" {
				name = "PUBLIC"
			}
		}
		definition, err := accountDefinition(ctx, db, kind, r, name)
		if err != nil {
			return err
		}
		found[what+name] = definition
		grants, err := lines(ctx, db, "SHOW GRANTS FOR "+name)
		if err != nil {
			return err
		}
		for i, g := range grants {
			grants[i] = sortColumns(g)
		}
		slices.Sort(grants)
		found["grants of "+name] = strings.Join(grants, "; ")
	}
	if kind != MariaDB {
		return nil
	}
	mapping, err := lines(ctx, db, "SELECT CONCAT_WS(' ', user, host, role, admin_option) FROM mysql.roles_mapping")
	found["roles of accounts"] = strings.Join(mapping, "; ")
	return err
}

// columnList is the columns that a privilege is for; MariaDB prints them in the order of a hash table.
var columnList = regexp.MustCompile("\\((`[^()]*`)\\)")

func sortColumns(grant string) string {
	return columnList.ReplaceAllStringFunc(grant, func(list string) string {
		columns := strings.Split(strings.Trim(list, "()"), ", ")
		slices.Sort(columns)
		return "(" + strings.Join(columns, ", ") + ")"
	})
}

// accountDefinition is how the account was made: password hash, requirements, lock, limits, default role.
func accountDefinition(ctx context.Context, db queryer, kind Kind, r row, name string) (string, error) {
	switch {
	case r["role"] == "Y":
		return "is there", nil
	case kind == MySQL56: // has no SHOW CREATE USER
		rows, err := queryRows(ctx, db, "SELECT * FROM mysql.user WHERE user = ? AND host = ?", r["u"], r["h"])
		return fmt.Sprint(rows), err // a map is printed with its keys sorted
	}
	made, err := lines(ctx, db, "SHOW CREATE USER "+name)
	if err != nil {
		return "", err
	}
	if kind == MariaDB {
		made = append(made, "default role "+r["d"])
	}
	return strings.Join(made, "; "), nil
}

// lines are the answers of a query with one column, sorted.
func lines(ctx context.Context, db queryer, query string) ([]string, error) {
	rows, err := queryRows(ctx, db, query)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, r := range rows {
		for _, value := range r {
			all = append(all, value)
		}
	}
	slices.Sort(all)
	return all, nil
}
