package dumpaccounts

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

// Read reads all accounts of a server but its internal ones. It needs SELECT on the schema mysql.
func Read(ctx context.Context, db *sql.DB, server host.Server) (*Accounts, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	// Modes of the server decide how it quotes in what it prints; what is read here is printed in one way.
	if _, err := conn.ExecContext(ctx, "SET SESSION sql_mode = '', SESSION sql_quote_show_create = 1"); err != nil {
		return nil, fmt.Errorf("set modes of the session: %w", err)
	}
	return readOn(ctx, conn, server)
}

func readOn(ctx context.Context, conn *sql.Conn, server host.Server) (*Accounts, error) {
	r := reader{ctx: ctx, conn: conn, server: server}
	if server.Flavour == host.FlavourMySQL && server.AtLeast(8, 0, 17) {
		if _, err := conn.ExecContext(ctx, "SET SESSION print_identified_with_as_hex = 1"); err != nil {
			return nil, fmt.Errorf("print hashes as hexadecimal digits: %w", err)
		}
	}
	list, err := r.list()
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	for i := range list {
		if err := r.fill(&list[i]); err != nil {
			return nil, fmt.Errorf("read account %s: %w", list[i].name(), err)
		}
	}
	if err := r.edges(list); err != nil {
		return nil, fmt.Errorf("read roles: %w", err)
	}
	return &Accounts{List: list}, nil
}

type reader struct {
	ctx    context.Context
	conn   *sql.Conn
	server host.Server
}

func (r *reader) mariadb() bool { return r.server.Flavour == host.FlavourMariaDB }

// roles says whether the server has roles at all.
func (r *reader) roles() bool { return r.mariadb() || r.server.AtLeast(8, 0, 0) }

// internal are accounts that each server makes for itself.
var internal = []string{"mysql.sys@localhost", "mysql.session@localhost", "mysql.infoschema@localhost", "mariadb.sys@localhost"}

func (r *reader) list() ([]Account, error) {
	query := `SELECT User, Host, plugin, 'N' FROM mysql.user ORDER BY User, Host`
	if r.mariadb() {
		query = `SELECT User, Host, plugin, is_role FROM mysql.user ORDER BY is_role, User, Host`
	}
	rows, err := r.conn.QueryContext(r.ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Account
	for rows.Next() {
		var a Account
		var role string
		if err := rows.Scan(&a.User, &a.Host, &a.Plugin, &role); err != nil {
			return nil, err
		}
		if a.Role = role == "Y"; a.Role {
			a.Host = ""
		}
		if !slices.Contains(internal, a.User+"@"+a.Host) {
			list = append(list, a)
		}
	}
	return list, rows.Err()
}

func (r *reader) fill(a *Account) (err error) {
	switch {
	case a.public():
	case a.Role:
		a.Create = "CREATE ROLE " + a.name()
	case !r.mariadb() && !r.server.AtLeast(5, 7, 6):
		return r.fillOld(a)
	default:
		if err := r.conn.QueryRowContext(r.ctx, "SHOW CREATE USER "+a.name()).Scan(&a.Create); err != nil {
			return err
		}
		if a.Create, err = r.required(a, withoutDefaultRole(a.Create)); err != nil {
			return err
		}
	}
	lines, err := r.grants(a)
	if err != nil {
		return err
	}
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "SET DEFAULT ROLE "):
			a.Default = append(a.Default, line)
		case !r.mariadb() && strings.HasPrefix(line, "GRANT `"): // roles, mandatory ones too: see edges
		default:
			if g, ok := plainGrant(line, a); ok {
				a.Grants = append(a.Grants, g)
			}
		}
	}
	return nil
}

// required puts right what MySQL prints of an account's certificate: it does not quote the quotes in it.
func (r *reader) required(a *Account, create string) (string, error) {
	if r.mariadb() {
		return create, nil
	}
	var subject, issuer, cipher string
	const query = `SELECT x509_subject, x509_issuer, ssl_cipher FROM mysql.user WHERE User = ? AND Host = ?`
	if err := r.conn.QueryRowContext(r.ctx, query, a.User, a.Host).Scan(&subject, &issuer, &cipher); err != nil {
		return "", err
	}
	for _, part := range [][2]string{{" SUBJECT ", subject}, {" ISSUER ", issuer}, {" CIPHER ", cipher}} {
		create = strings.Replace(create, part[0]+"'"+part[1]+"'", part[0]+dumpsql.Text(part[1]), 1)
	}
	return create, nil
}

func (r *reader) grants(a *Account) ([]string, error) {
	rows, err := r.conn.QueryContext(r.ctx, "SHOW GRANTS FOR "+a.name())
	if err != nil {
		if host.Errno(err) == 1141 { // no such grant: a role or PUBLIC without any
			return nil, nil
		}
		return nil, err
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, rows.Err()
}

// edges adds MySQL's grants of roles, and default roles; MariaDB shows them among the grants.
func (r *reader) edges(list []Account) error {
	if r.mariadb() || !r.roles() {
		return nil
	}
	byName := map[string]*Account{}
	for i := range list {
		byName[list[i].name()] = &list[i]
	}
	add := func(query string, each func(a *Account, role, admin string)) error {
		rows, err := r.conn.QueryContext(r.ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var user, host, roleUser, roleHost, admin string
			if err := rows.Scan(&user, &host, &roleUser, &roleHost, &admin); err != nil {
				return err
			}
			if a := byName[dumpsql.Name(user)+"@"+dumpsql.Name(host)]; a != nil {
				each(a, dumpsql.Name(roleUser)+"@"+dumpsql.Name(roleHost), admin)
			}
		}
		return rows.Err()
	}
	err := add(`SELECT TO_USER, TO_HOST, FROM_USER, FROM_HOST, WITH_ADMIN_OPTION FROM mysql.role_edges ORDER BY 1, 2, 3, 4`,
		func(a *Account, role, admin string) {
			g := "GRANT " + role + " TO " + a.name()
			if admin == "Y" {
				g += " WITH ADMIN OPTION"
			}
			a.Grants = append(a.Grants, g)
		})
	if err != nil {
		return err
	}
	defaults := map[*Account][]string{}
	err = add(`SELECT USER, HOST, DEFAULT_ROLE_USER, DEFAULT_ROLE_HOST, '' FROM mysql.default_roles ORDER BY 1, 2, 3, 4`,
		func(a *Account, role, _ string) { defaults[a] = append(defaults[a], role) })
	for a, roles := range defaults {
		a.Default = []string{"SET DEFAULT ROLE " + strings.Join(roles, ", ") + " TO " + a.name()}
	}
	return err
}
