package mysqldump_test

import (
	"database/sql"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/methodtest"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// login gives the grants that an account sees as its own; it has to be let in with its password.
func login(t *testing.T, w *methodtest.World, user, password string) []string {
	t.Helper()
	dsn := strings.Replace(w.Target.DSN(sandbox.AdminUser, ""), sandbox.AdminUser+":"+w.Target.Passwords.Admin+"@", user+":"+password+"@", 1)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SHOW GRANTS")
	if err != nil {
		t.Fatalf("%s: %v", user, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(line, "old_data") { // that is gone, as announced
			all = append(all, line)
		}
	}
	slices.Sort(all)
	return all
}

func TestAgentKilledWhileItMakesAccountsLeavesTheTargetsOwnAfterTheRelease(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t, kind)
			w.Fill(sandbox.FillOptions{})
			w.Exec(w.Source, "CREATE USER newcomer@'%' IDENTIFIED BY 'from the source'", "CREATE USER dba@'%' IDENTIFIED BY 'another'")
			w.Exec(w.Target, "CREATE DATABASE old_data", "CREATE TABLE old_data.t (a INT)", "CREATE ROLE keeper", "GRANT CREATE USER ON *.* TO keeper",
				"CREATE USER dba@'%' IDENTIFIED BY 'dba''s own'", "GRANT ALL PRIVILEGES ON *.* TO dba@'%' WITH GRANT OPTION",
				"CREATE USER app@'%' IDENTIFIED BY 'app1'", "GRANT SELECT ON old_data.t TO app@'%'", "GRANT SELECT ON mysql.* TO app@'%'", "GRANT keeper TO app@'%'")
			dba, app := login(t, w, "dba", "dba's own"), login(t, w, "app", "app1")
			w.Backup()
			// A goroutine that stands still with open connections is what a killed agent leaves in the server.
			reached, killed := make(chan struct{}), make(chan struct{})
			var once sync.Once
			w.Run.OnProgress = func(p agentapi.Progress) {
				if p.What == "making views" {
					once.Do(func() { close(reached) })
					<-killed
				}
			}
			over := make(chan error, 1)
			go func() { over <- w.Method.Restore(t.Context(), w.Work) }()
			select {
			case <-reached:
			case err := <-over:
				t.Fatalf("restore ended before it made a view: %v", err)
			}
			if err := w.Method.Release(t.Context(), w.Work); err != nil {
				t.Fatal(err)
			}
			close(killed)
			if err := <-over; err == nil {
				t.Error("a Restore whose connections were ended is said to have succeeded")
			}
			for range 2 {
				if got := login(t, w, "dba", "dba's own"); !slices.Equal(got, dba) {
					t.Errorf("dba has\n%s\nand had\n%s", strings.Join(got, "\n"), strings.Join(dba, "\n"))
				}
				if got := login(t, w, "app", "app1"); !slices.Equal(got, app) {
					t.Errorf("app has\n%s\nand had\n%s", strings.Join(got, "\n"), strings.Join(app, "\n"))
				}
				if err := w.Method.Release(t.Context(), w.Work); err != nil {
					t.Fatal(err)
				}
			}
			if left := w.Query(w.Target, "SELECT User FROM mysql.user WHERE User = 'newcomer'"); len(left) > 0 {
				t.Errorf("an account of the source's is left: %v", left)
			}
			w.NothingLeft()
		})
	}
}
