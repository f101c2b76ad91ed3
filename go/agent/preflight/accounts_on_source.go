package preflight

import "strings"

var accountsOnSource = check{
	name: "accounts-on-source",
	about: "The account that the target's agent uses exists on the source too, because afterwards the target has the source's accounts; fails " +
		"if not, warns if that can't be seen, and for physical methods if the source's agent uses another account. The service's own account is proven by mysql-answers.",
	needed: "the accounts of the service and of the target's agent on the source",
	run: func(f *facts) verdict {
		if v, missing := noMySQL(f.source); missing {
			return v
		}
		if v, missing := noData(f.target); missing {
			return v
		}
		user := f.target.data.MySQLUser
		if user == "" {
			return warn("look up the agent's [mysql] user and see that the source has that account with the same password",
				"the agent on %s does not say which account it uses", f.target.name)
		}
		if len(f.source.mysql.Accounts) == 0 {
			return warn("let the service's account read mysql.user, or see for yourself that the source has the account "+user,
				"the accounts of %s could not be read", f.source.name)
		}
		for _, account := range f.source.mysql.Accounts {
			if accountUser(account) == user {
				return sameAccount(f, user)
			}
		}
		return fail("create it there with the password that the agent on "+f.target.name+" has, for connections from 127.0.0.1 and localhost",
			"%s has no account %s, with which the agent on %s logs in", f.source.name, user, f.target.name)
	},
}

// sameAccount is the verdict when the account is there by name. Its password can't be seen; an agent on the source that uses
// the same account is taken for a sign that both have the same.
func sameAccount(f *facts, user string) verdict {
	if other := f.source.data; physical(f) && other != nil && other.MySQLUser != "" && other.MySQLUser != user {
		return warn("see that "+user+" has the same password on "+f.source.name+" as in the agent's configuration on "+f.target.name,
			"%s has the account %s, but its own agent uses %s: whether the password is the same is not known", f.source.name, user, other.MySQLUser)
	}
	return pass("%s has the agent's account %s, and the service can log in", f.source.name, user)
}

// accountUser is the user's name in 'user'@'host', as QUOTE() or a dump writes it.
func accountUser(account string) string {
	at := strings.LastIndex(account, "@")
	if at < 0 {
		at = len(account)
	}
	user := account[:at]
	if len(user) < 2 || user[0] != '\'' || user[len(user)-1] != '\'' {
		return user
	}
	return unquote.Replace(user[1 : len(user)-1])
}

var unquote = strings.NewReplacer(`\\`, `\`, `\'`, `'`, `''`, `'`)
