package dumpaccounts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

// Account is a user or a role, with the statements that make it.
type Account struct {
	User   string
	Host   string `json:",omitempty"` // "" for MariaDB's roles
	Role   bool   `json:",omitempty"` // MariaDB's kind of role, which has no host
	Plugin string `json:",omitempty"` // of authentication
	// Create is CREATE USER or CREATE ROLE, without default roles; "" for MariaDB's PUBLIC, which is always there.
	Create string `json:",omitempty"`
	// Grants are GRANT and REVOKE statements, of privileges and of roles; run in this order.
	Grants []string `json:",omitempty"`
	// Default sets the default roles; run after all grants.
	Default []string `json:",omitempty"`
}

// Accounts is all accounts of a server but its internal ones.
type Accounts struct {
	List []Account
}

// name is the account as it stands in statements.
func (a *Account) name() string {
	if a.public() {
		return "PUBLIC"
	}
	if a.Role {
		return dumpsql.Name(a.User)
	}
	return dumpsql.Name(a.User) + "@" + dumpsql.Name(a.Host)
}

func (a *Account) public() bool { return a.Role && a.User == "PUBLIC" }

// Marshal is the form that is stored with a dump. It holds password hashes.
func (a *Accounts) Marshal() (json.RawMessage, error) {
	b, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("store accounts: %w", err)
	}
	return b, nil
}

// Parse reads what Marshal made.
func Parse(text json.RawMessage) (*Accounts, error) {
	var a Accounts
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, fmt.Errorf("read accounts of the dump: %w", err)
	}
	return &a, nil
}

// Diff names the accounts that differ between a and later, in words; "" when none does.
func (a *Accounts) Diff(later *Accounts) string {
	before := map[string]*Account{}
	for i := range a.List {
		before[a.List[i].name()] = &a.List[i]
	}
	var diff []string
	for i := range later.List {
		now := &later.List[i]
		was := before[now.name()]
		delete(before, now.name())
		switch {
		case was == nil:
			diff = append(diff, now.name()+" is new")
		case !was.equal(now):
			diff = append(diff, now.name()+" was altered")
		}
	}
	for name := range before {
		diff = append(diff, name+" was dropped")
	}
	slices.Sort(diff)
	return strings.Join(diff, ", ")
}

func (a *Account) equal(b *Account) bool {
	return a.Plugin == b.Plugin && a.Create == b.Create && slices.Equal(a.Grants, b.Grants) && slices.Equal(a.Default, b.Default)
}
