package inst_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// MariaDB shows the passwords of statements in its general log and slow query log, MySQL does where it is told to (log_raw).
func TestReplicationPasswordDoesNotGetIntoTheTargetsLogs(t *testing.T) {
	for kind, raw := range map[sandbox.Kind]string{sandbox.MariaDB: "", sandbox.MySQL97: "log_raw=ON"} {
		t.Run(string(kind), func(t *testing.T) {
			extra := []string{"general_log=ON", "slow_query_log=ON", "long_query_time=0", "log_output=TABLE,FILE", "general_log_file=general.log", "slow_query_log_file=slow.log"}
			p := newPair(t, sandbox.Options{Kind: kind, Passwords: sandbox.AwkwardPasswords(), Extra: append(extra, raw)})
			in := p.copied()
			if !in.LogsPasswords {
				t.Error("the facts don't say that the logs show passwords")
			}
			at := onlyFile(in)
			p.connect(at)
			p.arrives(2)
			const part = "ü, pass word" // what no quoting changes
			if !strings.Contains(p.opt.ReplicationPassword, part) {
				t.Fatalf("%q is no part of the password", part)
			}
			tables := "SELECT CONCAT((SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE 'CHANGE %' AND argument LIKE '%" + part + "%'), '+'," +
				" (SELECT COUNT(*) FROM mysql.slow_log WHERE sql_text LIKE 'CHANGE %' AND sql_text LIKE '%" + part + "%'))"
			if n := ask(t, p.target, tables); n != "0+0" {
				t.Errorf("rows with the password in general and slow log: %s", n)
			}
			for _, name := range []string{"general.log", "slow.log"} {
				b, err := os.ReadFile(filepath.Join(p.target.Datadir, name))
				if err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(string(b)) {
					if strings.Contains(line, part) && strings.Contains(line, "_PASSWORD") {
						t.Errorf("%s holds the password", name)
					}
				}
			}
		})
	}
}
