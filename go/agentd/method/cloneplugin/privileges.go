package cloneplugin

import (
	"context"
	"database/sql"
	"slices"
	"strings"
)

// need is a privilege on *.*, or what does in its place.
type need []string

// ofDonor is what the account needs on a server to clone it, ofTarget on the one that becomes the clone. The accounts come
// with the clone, so that on the source it needs both.
func ofDonor() []need { return []need{{"BACKUP_ADMIN"}, {"SELECT"}, {"PROCESS"}} }

func ofTarget(v version) []need {
	all := []need{{"SELECT"}, {"PROCESS"}, {"SYSTEM_VARIABLES_ADMIN", "SUPER"}, {"PERSIST_RO_VARIABLES_ADMIN"}, {"REPLICATION_SLAVE_ADMIN", "SUPER"}, {"EVENT"}}
	definer := need{"SET_USER_ID", "SUPER"}
	if v.AtLeast(8, 2, 0) {
		definer = need{"SET_ANY_DEFINER", "SUPER"}
	}
	return append(all, definer)
}

// ofRecipient is what it needs on the target before.
func ofRecipient(v version) []need { return append([]need{{"CLONE_ADMIN"}}, ofTarget(v)...) }

// missing are the privileges of needs that the account of this connection does not have, ready for a GRANT.
func missing(ctx context.Context, db *sql.DB, needs []need) ([]string, error) {
	grants, err := column(ctx, db, "SHOW GRANTS")
	if err != nil {
		return nil, queryError(err, "read the account's grants")
	}
	has := globalPrivileges(grants)
	var lacking []string
	for _, n := range needs {
		if !slices.ContainsFunc(n, func(p string) bool { return has[p] }) && !slices.Contains(lacking, n[0]) {
			lacking = append(lacking, n[0])
		}
	}
	return lacking, nil
}

// globalPrivileges reads lines of SHOW GRANTS, which hold those of the active roles too: the privileges on *.*.
func globalPrivileges(grants []string) map[string]bool {
	has := map[string]bool{}
	for _, line := range grants {
		list, found := strings.CutPrefix(line, "GRANT ")
		if !found {
			continue
		}
		list, _, found = strings.Cut(list, " ON *.* TO ")
		if !found {
			continue
		}
		for p := range strings.SplitSeq(list, ",") {
			has[strings.ToUpper(strings.TrimSpace(p))] = true
		}
	}
	if has["ALL PRIVILEGES"] {
		for _, needs := range [][]need{ofDonor(), ofRecipient(version{Major: 8}), ofRecipient(version{Major: 9})} {
			for _, n := range needs {
				for _, p := range n {
					has[p] = true
				}
			}
		}
	}
	return has
}

func checkPrivileges(ctx context.Context, db *sql.DB, where string, needs []need) error {
	lacking, err := missing(ctx, db, needs)
	if err != nil || len(lacking) == 0 {
		return err
	}
	var account string
	if err := db.QueryRowContext(ctx, "SELECT CURRENT_USER()").Scan(&account); err != nil {
		return queryError(err, "read the account's name")
	}
	list := strings.Join(lacking, ", ")
	return permanent(CodePrivileges, "GRANT "+list+" ON *.* TO "+quoteAccount(account), nil, "the agent's account %s lacks %s on the %s", account, list, where)
}

// quoteAccount quotes what CURRENT_USER() gives, as string literals.
func quoteAccount(account string) string {
	user, host := cutAccount(account)
	return text(user) + "@" + text(host)
}

// cutAccount parts user@host: the host has no @, the user may.
func cutAccount(account string) (user, host string) {
	i := strings.LastIndex(account, "@")
	if i < 0 {
		return account, "%"
	}
	return account[:i], account[i+1:]
}
