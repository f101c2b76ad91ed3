package dumpaccounts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

// always are the wanted accounts that must exist at every moment: the session's own, and MariaDB's PUBLIC.
func (p *Apply) always() []*Account {
	var list []*Account
	if a := find(p.want, p.self); a != nil {
		list = append(list, a)
	} else {
		p.say(fmt.Sprintf("warning: the agent's account %s is not on the source; it stays on this host", p.self))
	}
	if a := find(p.have, "PUBLIC"); a != nil && find(p.want, "PUBLIC") == nil {
		list = append(list, &Account{User: "PUBLIC", Role: true})
	} else if a := find(p.want, "PUBLIC"); a != nil {
		list = append(list, a)
	}
	return list
}

// adjust makes an account the wanted one by changes that never take away what it has and is to keep.
func (p *Apply) adjust(ctx context.Context, a *Account) error {
	have := find(p.have, a.name())
	if have == nil {
		have = &Account{User: a.User, Host: a.Host, Role: a.Role}
	}
	if a.Create != have.Create && a.Create != "" {
		if err := p.exec(ctx, a, "ALTER USER "+strings.TrimPrefix(a.Create, "CREATE USER ")); err != nil {
			return err
		}
	}
	if err := p.all(ctx, a, append(a.Grants[:len(a.Grants):len(a.Grants)], a.Default...)); err != nil {
		return err
	}
	return p.all(ctx, a, surplus(have, a, p.known))
}

// surplus are the statements that take from have what want does not have, the right to grant last. known are all privileges
// of the server, for what is printed as ALL PRIVILEGES.
func surplus(have, want *Account, known []string) []string {
	wanted := map[string][]string{}
	for _, g := range want.Grants {
		names, object := given(g)
		wanted[object] = append(wanted[object], names...)
	}
	var out, last []string
	for _, g := range have.Grants {
		if role, ok := grantedRole(g); ok {
			if !slices.ContainsFunc(want.Grants, func(w string) bool { r, ok := grantedRole(w); return ok && r == role }) {
				out = append(out, "REVOKE "+role+" FROM "+want.name())
			}
			continue
		}
		names, object := given(g)
		if slices.Contains(wanted[object], "ALL PRIVILEGES") {
			names = slices.DeleteFunc(names, func(n string) bool { return n != grantOption })
		}
		if object == "*.*" && slices.Contains(names, "ALL PRIVILEGES") {
			names = append(names, known...)
			names = slices.DeleteFunc(names, func(n string) bool { return n == "ALL PRIVILEGES" || n == "PROXY" || n == "USAGE" })
		}
		names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(wanted[object], n) })
		slices.Sort(names)
		names = slices.Compact(names)
		if i := slices.Index(names, grantOption); i >= 0 {
			names = slices.Delete(names, i, i+1)
			last = append(last, "REVOKE GRANT OPTION ON "+object+" FROM "+want.name())
		}
		if len(names) > 0 {
			out = append(out, "REVOKE "+strings.Join(names, ", ")+" ON "+object+" FROM "+want.name())
		}
		if slices.Contains(names, "ALL PRIVILEGES") { // of a schema or less: what is to stay goes and comes back
			for _, w := range want.Grants {
				if _, o := privileges(w); o == object {
					out = append(out, w)
				}
			}
		}
	}
	return append(out, last...)
}

const grantOption = "GRANT OPTION"

// given is what a GRANT gives, and on what; the grant option counts as a privilege.
func given(grant string) (names []string, object string) {
	if !strings.HasPrefix(grant, "GRANT ") {
		return nil, ""
	}
	names, object = privileges(grant)
	names = slices.DeleteFunc(names, func(n string) bool { return n == "USAGE" })
	if strings.HasSuffix(grant, " WITH GRANT OPTION") && !slices.Contains(names, "PROXY") {
		names = append(names, grantOption)
	}
	return names, object
}

func grantedRole(grant string) (role string, ok bool) {
	rest, ok := strings.CutPrefix(grant, "GRANT ")
	if !ok || !strings.HasPrefix(rest, "`") {
		return "", false
	}
	role, _, ok = dumpsql.CutOutside(rest, " TO ")
	return role, ok
}

// leaveRoles takes back what MariaDB gives to who makes a role: the role itself, with the right to grant it.
func (p *Apply) leaveRoles(ctx context.Context) error {
	if p.server.Flavour != host.FlavourMariaDB {
		return nil
	}
	self := find(p.want, p.self)
	for i := range p.want.List {
		r := &p.want.List[i]
		if !r.Role || r.public() {
			continue
		}
		granted, admin := false, false
		if self != nil {
			plain := "GRANT " + r.name() + " TO " + p.self
			admin = slices.Contains(self.Grants, plain+" WITH ADMIN OPTION")
			granted = admin || slices.Contains(self.Grants, plain)
		}
		var statement string
		switch {
		case !granted:
			statement = "REVOKE " + r.name() + " FROM " + p.self
		case !admin:
			statement = "REVOKE ADMIN OPTION FOR " + r.name() + " FROM " + p.self
		default:
			continue
		}
		if err := p.exec(ctx, r, statement); err != nil {
			return err
		}
	}
	return nil
}

// proxy writes a PROXY grant into its table: a server lets only those grant it who have it themselves, which by default is
// root@localhost alone.
func (p *Apply) proxy(ctx context.Context, a *Account, grant string) error {
	_, object := privileges(grant)
	user, host, ok := accountName(object)
	if !ok {
		return fmt.Errorf("%q is not understood", grant)
	}
	option := strings.HasSuffix(grant, " WITH GRANT OPTION")
	const insert = `REPLACE INTO mysql.proxies_priv (Host, User, Proxied_host, Proxied_user, With_grant, Grantor, Timestamp)
		VALUES (?, ?, ?, ?, ?, '', CURRENT_TIMESTAMP)`
	if _, err := p.conn.ExecContext(ctx, insert, a.Host, a.User, host, user, option); err != nil {
		return err
	}
	_, err := p.conn.ExecContext(ctx, "FLUSH PRIVILEGES")
	return err
}

// accountName reads 'user'@'host' or `user`@`host`.
func accountName(s string) (user, host string, ok bool) {
	if strings.HasPrefix(s, "`") {
		user, rest, ok1 := dumpsql.CutName(s)
		rest, found := strings.CutPrefix(rest, "@")
		host, rest, ok2 := dumpsql.CutName(rest)
		return user, host, ok1 && found && ok2 && rest == ""
	}
	parts := quoted.FindAllString(s, 3)
	if len(parts) != 2 || parts[0]+"@"+parts[1] != s {
		return "", "", false
	}
	unquote := func(q string) string {
		return strings.NewReplacer("''", "'", `\\`, `\`, `\'`, "'").Replace(q[1 : len(q)-1])
	}
	return unquote(parts[0]), unquote(parts[1]), true
}
