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
	gone   bool // objects may be gone that privileges are on: these are left out
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

// Have is the target's accounts as they were when NewApply read them.
func (p *Apply) Have() *Accounts { return p.have }

// PutBack makes the target's accounts again what Have told before, whatever was done since; privileges on what is gone are
// left out. It may be called again.
func PutBack(ctx context.Context, conn *sql.Conn, before *Accounts, server host.Server, say func(string)) error {
	p, err := NewApply(ctx, conn, before, server, say)
	if err != nil {
		return err
	}
	p.gone = true
	for _, step := range []func(context.Context) error{p.Create, p.Grant, p.Own} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
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
	if p.gone && noObject(host.Errno(err)) {
		p.say("left out, because what it is on is gone: a privilege of " + a.name())
		return nil
	}
	if err != nil {
		verb, _, _ := strings.Cut(statement, " IDENTIFIED ")
		return fmt.Errorf("account %s: %s: %w", a.name(), verb, err)
	}
	return nil
}

// noObject says whether an error's number means that the schema, table, column or routine of a privilege is not there.
func noObject(number uint16) bool {
	switch number {
	case 1049, 1054, 1146, 1305, 4182: // 4182: MariaDB's sequences
		return true
	}
	return false
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
