package e2e

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // reads the service's database beside it

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/journal"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// nothingIsLeft proves that an ended seed holds nothing any more, on either host or in the service.
func (w *world) nothingIsLeft(id int64) {
	w.t.Helper()
	w.until("nothing of the seed is left", func() error {
		errs := []error{w.downtime(), w.sourceIsFree()}
		for _, a := range []*fleet.Agent{w.Source, w.Target} {
			errs = append(errs, w.noProcesses(a, id), noFiles(a), noListener(a))
		}
		return errors.Join(errs...)
	})
}

// journalOf is what the agent itself remembers of the seed.
func (w *world) journalOf(a *fleet.Agent, id int64) journal.Entry {
	w.t.Helper()
	var e journal.Entry
	raw, err := os.ReadFile(filepath.Join(a.StateDir, "seeds", fmt.Sprintf("seed-%d.json", id)))
	if err == nil {
		err = json.Unmarshal(raw, &e)
	}
	w.must(err, "read the journal of the agent on "+a.Host)
	return e
}

// noProcesses: the agent has no children, and none that bears the seed's mark has got away from it.
func (w *world) noProcesses(a *fleet.Agent, id int64) error {
	carriers, err := w.journalOf(a, id).Mark.Carriers()
	if err != nil {
		return err
	}
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return err
	}
	var children []string
	for _, file := range all {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // ended in the meantime
		}
		// pid (name) state parent ...; the name may hold anything.
		text := string(raw)
		fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
		if len(fields) > 1 && fields[1] == strconv.Itoa(a.Pid()) {
			children = append(children, text[:strings.LastIndexByte(text, ')')+1])
		}
	}
	if len(carriers)+len(children) > 0 {
		return fmt.Errorf("agent on %s: processes with the seed's mark %v, children %v", a.Host, carriers, children)
	}
	return nil
}

func noFiles(a *fleet.Agent) error {
	files, err := os.ReadDir(a.BackupDir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "seed-") {
			return fmt.Errorf("%s is left in the backup directory on %s", f.Name(), a.Host)
		}
	}
	return nil
}

func noListener(a *fleet.Agent) error {
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(a.Host, strconv.Itoa(a.SeedPort)), time.Second)
	if err != nil {
		return nil
	}
	conn.Close()
	return fmt.Errorf("something listens on the data port of %s", a.Host)
}

// downtimes is how many entries the service's database has.
func (w *world) downtimes() (int, error) {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(filepath.Dir(w.Service.Config), "seed.sqlite3")+"?mode=ro&_query_only=1&_busy_timeout=5000")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var n int
	err = db.QueryRowContext(w.ctx, "SELECT COUNT(*) FROM database_instance_downtime").Scan(&n)
	return n, err
}

func (w *world) downtime() error {
	n, err := w.downtimes()
	if err == nil && n != 0 {
		err = fmt.Errorf("%d downtime entries are left", n)
	}
	return err
}

// sourceIsFree: the agents do nothing on the source, hold no transaction and no table lock there.
func (w *world) sourceIsFree() error {
	db := w.source()
	defer db.Close()
	busy, err := queryRows(w.ctx, db, `SELECT p.ID, p.COMMAND, p.INFO, t.trx_id FROM information_schema.PROCESSLIST p
		LEFT JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID
		WHERE p.USER = ? AND (p.COMMAND <> 'Sleep' OR t.trx_id IS NOT NULL)`, w.Source.Server.AgentUser)
	if err != nil {
		return err
	}
	if len(busy) > 0 {
		return fmt.Errorf("the agents are busy on the source: %v", busy)
	}
	locked, err := queryRows(w.ctx, db, "SHOW OPEN TABLES WHERE In_use > 0 OR Name_locked > 0")
	if err == nil && len(locked) > 0 {
		err = fmt.Errorf("tables are locked on the source: %v", locked)
	}
	return err
}

// secretsKept proves that no program wrote a password of AwkwardPasswords or an agent's token to its log, and that no
// history row holds one. Of each password the part is looked for that no quoting changes.
func (w *world) secretsKept(id int64) {
	w.t.Helper()
	secrets := []string{"lo:gy, $(é)", "nt: pass, wörd # $HOME", "ü, pass word"}
	passwords := fmt.Sprint(w.Source.Server.Passwords)
	for _, s := range secrets {
		if !strings.Contains(passwords, s) {
			w.t.Fatalf("%q is no part of a password", s)
		}
	}
	for _, a := range []*fleet.Agent{w.Source, w.Target} {
		token, err := os.ReadFile(filepath.Join(a.StateDir, "token"))
		w.must(err, "read the agent's token")
		secrets = append(secrets, strings.TrimSpace(string(token)))
	}
	states, err := w.States(w.ctx, id)
	w.must(err, "read the history")
	for name, text := range map[string]string{
		"the service's log": w.Service.Log(), "the source agent's log": w.Source.Log(), "the target agent's log": w.Target.Log(), "the history": fmt.Sprint(states),
	} {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				w.t.Errorf("%s holds a secret: %s", name, s)
			}
		}
	}
}
