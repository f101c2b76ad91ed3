package dumpaccounts

import (
	"slices"
	"strings"
	"testing"
)

func TestGrantsAreTakenWithoutWhatCreateUserSays(t *testing.T) {
	user, role := &Account{User: "o'dd TO `x`", Host: "%"}, &Account{User: "r", Role: true}
	name := user.name()
	for _, c := range []struct {
		account    *Account
		line, want string
	}{
		{user, "GRANT USAGE ON *.* TO " + name + " IDENTIFIED BY PASSWORD '*AB' WITH MAX_QUERIES_PER_HOUR 5", ""},
		{user, "GRANT SELECT ON *.* TO " + name + " IDENTIFIED VIA ed25519 USING ' WITH GRANT OPTION' REQUIRE SSL", "GRANT SELECT ON *.* TO " + name},
		{user, "GRANT ALL PRIVILEGES ON `a TO b`.* TO " + name + " REQUIRE SSL WITH GRANT OPTION", "GRANT ALL PRIVILEGES ON `a TO b`.* TO " + name + " WITH GRANT OPTION"},
		{user, "GRANT SELECT (`b`, `a`) ON `d`.`t` TO " + name, "GRANT SELECT (`a`, `b`) ON `d`.`t` TO " + name},
		{user, "GRANT `r` TO " + name + " WITH ADMIN OPTION", "GRANT `r` TO " + name + " WITH ADMIN OPTION"},
		{user, "REVOKE SELECT ON `d`.* FROM " + name, "REVOKE SELECT ON `d`.* FROM " + name},
		{role, "GRANT SELECT ON *.* TO `r`", "GRANT SELECT ON *.* TO `r`"},
		{role, "GRANT SELECT ON *.* TO `other`", ""},
	} {
		got, ok := plainGrant(c.line, c.account)
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s\ngave %s, %v\nwant %s", c.line, got, ok, c.want)
		}
	}
}

func TestDefaultRoleIsNotPartOfCreateUser(t *testing.T) {
	const create = "CREATE USER `u`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x24 DEFAULT ROLE `a``b`@`%`,`c`@`%` REQUIRE NONE ATTRIBUTE '{}'"
	const want = "CREATE USER `u`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x24 REQUIRE NONE ATTRIBUTE '{}'"
	if got := withoutDefaultRole(create); got != want {
		t.Errorf("got %s", got)
	}
	if got := withoutDefaultRole(want); got != want {
		t.Errorf("got %s", got)
	}
}

func TestOwnAccountLosesOnlyWhatItHasTooMuch(t *testing.T) {
	have := &Account{User: "agent", Host: "%", Grants: []string{"GRANT SELECT, RELOAD, SUPER ON *.* TO `agent`@`%` WITH GRANT OPTION", "GRANT `r` TO `agent`@`%`"}}
	want := &Account{User: "agent", Host: "%", Grants: []string{"GRANT SELECT, RELOAD ON *.* TO `agent`@`%`"}}
	got := surplus(have, want, nil)
	if w := []string{"REVOKE SUPER ON *.* FROM `agent`@`%`", "REVOKE `r` FROM `agent`@`%`", "REVOKE GRANT OPTION ON *.* FROM `agent`@`%`"}; !slices.Equal(got, w) {
		t.Errorf("got %q, want %q", got, w)
	}
	have.Grants = []string{"GRANT ALL PRIVILEGES ON *.* TO `agent`@`%`"}
	got = surplus(have, want, []string{"SELECT", "RELOAD", "SUPER", "USAGE", "PROXY"})
	if w := []string{"REVOKE SUPER ON *.* FROM `agent`@`%`"}; !slices.Equal(got, w) {
		t.Errorf("of ALL PRIVILEGES, got %q, want %q", got, w)
	}
	if got := surplus(want, want, nil); got != nil {
		t.Errorf("nothing is too much, got %q", got)
	}
}

func TestDiffNamesTheAccounts(t *testing.T) {
	a := &Accounts{List: []Account{{User: "a", Host: "%"}, {User: "b", Host: "%"}, {User: "c", Host: "%"}}}
	b := &Accounts{List: []Account{{User: "a", Host: "%"}, {User: "b", Host: "%", Grants: []string{"GRANT x"}}, {User: "d", Host: "%"}}}
	if got, want := a.Diff(b), "`b`@`%` was altered, `c`@`%` was dropped, `d`@`%` is new"; got != want {
		t.Errorf("got %s", got)
	}
	if got := a.Diff(a); got != "" {
		t.Errorf("got %s", got)
	}
}

func FuzzGrant(f *testing.F) {
	f.Add("GRANT SELECT (`a`, `b`), INSERT ON `d`.`t` TO `u`@`%` WITH GRANT OPTION", "u", "%")
	f.Add("GRANT USAGE ON *.* TO 'u'@'%' IDENTIFIED BY PASSWORD '*AB'", "u", "%")
	f.Add("GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION", "root", "localhost")
	f.Fuzz(func(t *testing.T, line, user, host string) {
		a := &Account{User: user, Host: host}
		grant, ok := plainGrant(line, a)
		if ok && strings.HasPrefix(grant, "GRANT ") && !strings.Contains(grant, " TO "+a.name()) {
			t.Errorf("%q became %q", line, grant)
		}
		names, object := privileges(grant)
		if (len(names) > 0) != (object != "") && object != "" {
			t.Errorf("%q gave %q on %q", grant, names, object)
		}
	})
}
