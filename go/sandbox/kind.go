package sandbox

import "fmt"

// Kind is a flavour and version of a server that can be started here.
type Kind string

const (
	// MariaDB is the one installed on the system (10.11 on Debian 12).
	MariaDB Kind = "mariadb"
	// MySQL97 is MySQL 9.7, run out of a Debian tree in the cache directory.
	MySQL97 Kind = "mysql-9.7"
	// MySQL56 is MySQL 5.6.24, for the old statement names and what an old server can't do.
	MySQL56 Kind = "mysql-5.6"
)

// Kinds are all of them, in the order in which tables in the documentation show them.
func Kinds() []Kind { return []Kind{MariaDB, MySQL97, MySQL56} }

// ParseKind reads a kind's name as written in Kind's constants.
func ParseKind(text string) (Kind, error) {
	for _, k := range Kinds() {
		if text == string(k) {
			return k, nil
		}
	}
	return "", fmt.Errorf("unknown kind of server %q: known are %v", text, Kinds())
}

// IsMySQL is true for the kinds made by Oracle, whose GTIDs and replication statements are theirs.
func (k Kind) IsMySQL() bool { return k == MySQL97 || k == MySQL56 }

// Modern is true where the server has roles and the words "replica" and "source" in its statements and variables.
func (k Kind) Modern() bool { return k == MySQL97 }
