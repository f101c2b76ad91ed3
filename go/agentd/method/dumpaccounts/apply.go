package dumpaccounts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
)

// Apply makes accounts on a target. Create, Grant and Own are called once each, in this order, on a session that writes no
// binary log.
type Apply struct {
	conn   *sql.Conn
	want   *Accounts
	have   *Accounts // of the target, before
	server host.Server
	self   string   // the session's account, as Account.name
	known  []string // all privileges of the target
	say    func(string)
}

// NewApply reads the target's accounts. say is told what a person should know.
func NewApply(ctx context.Context, conn *sql.Conn, want *Accounts, server host.Server, say func(string)) (*Apply, error) {
	have, err := readOn(ctx, conn, server)
	if err != nil {
		return nil, fmt.Errorf("read the target's accounts: %w", err)
	}
	var current string
	if err := conn.QueryRowContext(ctx, "SELECT CURRENT_USER()").Scan(&current); err != nil {
		return nil, fmt.Errorf("read the session's account: %w", err)
	}
	known, err := firstColumn(ctx, conn, "SHOW PRIVILEGES")
	if err != nil {
		return nil, fmt.Errorf("list the target's privileges: %w", err)
	}
	a := &Account{}
	at := strings.LastIndexByte(current, '@')
	a.User, a.Host = current[:max(at, 0)], current[at+1:]
	return &Apply{conn: conn, want: want, have: have, server: server, self: a.name(), known: known, say: say}, nil
}

// Create drops all accounts but the session's own and makes the source's, without privileges.
func (p *Apply) Create(ctx context.Context) error {
	for i := range p.have.List {
		a := &p.have.List[i]
		if a.name() == p.self || a.public() {
			continue
		}
		if err := p.drop(ctx, a); err != nil {
			return err
		}
	}
	if own := find(p.have, p.self); own != nil { // its roles went with them
		own.Grants = slices.DeleteFunc(own.Grants, func(g string) bool {
			_, ok := grantedRole(g)
			return ok
		})
	}
	for i := range p.want.List {
		a := &p.want.List[i]
		if a.name() == p.self || a.public() {
			continue
		}
		if err := p.exec(ctx, a, a.Create); err != nil {
			return err
		}
	}
	return nil
}

func (p *Apply) drop(ctx context.Context, a *Account) error {
	what := "USER"
	if a.Role {
		what = "ROLE"
	}
	if err := p.exec(ctx, a, "DROP "+what+" "+a.name()); err != nil && host.Errno(err) != 1396 {
		return err
	}
	return nil
}

// Grant gives the accounts their privileges and roles.
func (p *Apply) Grant(ctx context.Context) error {
	for i := range p.want.List {
		a := &p.want.List[i]
		if a.name() == p.self || a.public() {
			continue
		}
		if err := p.all(ctx, a, append(a.Grants[:len(a.Grants):len(a.Grants)], a.Default...)); err != nil {
			return err
		}
	}
	return nil
}

// Own makes the session's own account, and MariaDB's PUBLIC, what they are on the source. It comes last of all, because on
// the source the account may have less than is needed here.
func (p *Apply) Own(ctx context.Context) error {
	if err := p.leaveRoles(ctx); err != nil {
		return err
	}
	for _, a := range p.always() {
		if err := p.adjust(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (p *Apply) all(ctx context.Context, a *Account, statements []string) error {
	for _, s := range statements {
		if err := p.exec(ctx, a, s); err != nil {
			return err
		}
	}
	return nil
}

// exec runs a statement; its error names the account, and never the statement, which may hold a hash.
func (p *Apply) exec(ctx context.Context, a *Account, statement string) error {
	_, err := p.conn.ExecContext(ctx, statement)
	if err != nil && strings.Contains(statement, " ON PACKAGE ") && host.Errno(err) == 1064 {
		err = p.oracle(ctx, statement)
	}
	if err != nil && strings.HasPrefix(statement, "GRANT PROXY ") && host.Errno(err) == 1698 {
		err = p.proxy(ctx, a, statement)
	}
	if err != nil {
		verb, _, _ := strings.Cut(statement, " IDENTIFIED ")
		return fmt.Errorf("account %s: %s: %w", a.name(), verb, err)
	}
	return nil
}

// oracle runs what MariaDB prints in any mode, but reads only in this one.
func (p *Apply) oracle(ctx context.Context, statement string) error {
	if _, err := p.conn.ExecContext(ctx, "SET @seed_sql_mode = @@SESSION.sql_mode, SESSION sql_mode = 'ORACLE'"); err != nil {
		return err
	}
	_, err := p.conn.ExecContext(ctx, statement)
	_, back := p.conn.ExecContext(ctx, "SET SESSION sql_mode = @seed_sql_mode")
	return errors.Join(err, back)
}

func find(list *Accounts, name string) *Account {
	for i := range list.List {
		if list.List[i].name() == name {
			return &list.List[i]
		}
	}
	return nil
}
