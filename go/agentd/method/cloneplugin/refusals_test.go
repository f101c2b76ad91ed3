package cloneplugin_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/cloneplugin"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestWhatCannotBeClonedIsRefusedBeforeAnythingIsChanged(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	w := newWorld(t, options{source: sandbox.Options{Extra: []string{"innodb_directories=" + outside}}})
	w.source.exec("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)")
	check := w.untouched()
	for _, c := range []struct {
		name       string
		before     []string // on the source
		after      []string
		code, says string
		onSource   bool // the source's agent says it too
	}{
		{"rows in MyISAM", []string{"CREATE TABLE d.old (id INT) ENGINE=MyISAM", "INSERT INTO d.old VALUES (1)"}, []string{"DROP TABLE d.old"},
			cloneplugin.CodeEngines, "d.old (MyISAM)", true},
		{"a table elsewhere", []string{"CREATE TABLE d.far (id INT PRIMARY KEY) DATA DIRECTORY = '" + outside + "'"}, []string{"DROP TABLE d.far"},
			cloneplugin.CodeOutside, "far.ibd", true},
		{"a general tablespace elsewhere", []string{"CREATE TABLESPACE far ADD DATAFILE '" + filepath.Join(outside, "ts.ibd") + "'"}, []string{"DROP TABLESPACE far"},
			cloneplugin.CodeOutside, "ts.ibd", true},
		{"no BACKUP_ADMIN", []string{"REVOKE BACKUP_ADMIN ON *.* FROM '" + sandbox.AgentUser + "'"}, []string{"GRANT BACKUP_ADMIN ON *.* TO '" + sandbox.AgentUser + "'"},
			cloneplugin.CodePrivileges, "BACKUP_ADMIN", true},
		{"small packets", []string{"SET GLOBAL max_allowed_packet = 1048576"}, []string{"SET GLOBAL max_allowed_packet = 67108864"},
			cloneplugin.CodeMismatch, "max_allowed_packet", false},
		{"another password", []string{"ALTER USER '" + sandbox.AgentUser + "' IDENTIFIED BY 'changed'"}, []string{"ALTER USER '" + sandbox.AgentUser + "' IDENTIFIED BY 'agent-password'"},
			cloneplugin.CodeConnection, "source", false},
		{"an account that only remote hosts have", []string{"RENAME USER '" + sandbox.AgentUser + "'@'%' TO '" + sandbox.AgentUser + "'@'127.0.0.1'"},
			[]string{"RENAME USER '" + sandbox.AgentUser + "'@'127.0.0.1' TO '" + sandbox.AgentUser + "'@'%'"}, "", "", false},
	} {
		w.source.exec(c.before...)
		if c.onSource {
			if e := w.source.failing(c.name, w.source.method.Prepare, c.code); !strings.Contains(e.Error(), c.says) {
				t.Errorf("%s: %v", c.name, e)
			}
		}
		if c.code != "" {
			if e := w.target.failing(c.name, w.target.method.Prepare, c.code); !strings.Contains(e.Error(), c.says) {
				t.Errorf("%s: %v", c.name, e)
			}
		} else {
			w.target.prepare()
		}
		w.source.release()
		w.target.release()
		w.source.exec(c.after...)
	}
	w.target.exec("REVOKE CLONE_ADMIN ON *.* FROM '" + sandbox.AgentUser + "'")
	if e := w.target.failing("no CLONE_ADMIN", w.target.method.Prepare, cloneplugin.CodePrivileges); !strings.Contains(e.Hint, "GRANT CLONE_ADMIN ON *.* TO") {
		t.Errorf("hint %q", e.Hint)
	}
	w.target.exec("GRANT CLONE_ADMIN ON *.* TO '" + sandbox.AgentUser + "'")
	w.target.work.SourceMySQLPort, w.target.work.PeerHost = w.target.Port, w.target.Host
	w.target.failing("source and target are one", w.target.method.Prepare, cloneplugin.CodeSameServer)
	w.target.work.PeerHost = "::1"
	w.target.failing("IPv6", w.target.method.Prepare, cloneplugin.CodeServer)
	w.target.release()
	check()
}

func TestBackupOfSourceWithoutPluginIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	check := w.untouched()
	w.target.prepare()
	w.target.failing("backup", w.target.method.Backup, cloneplugin.CodePlugin)
	w.target.failing("restore", w.target.method.Restore, cloneplugin.CodeIncomplete)
	w.target.release()
	check()
}

func TestTableThatGetsRowsDuringTheCloneIsNotLostSilently(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	check := w.untouched()
	w.source.exec("CREATE DATABASE d", "CREATE TABLE d.my (id INT) ENGINE=MyISAM")
	w.prepare()
	w.target.run.OnSay = func(text string) {
		if strings.HasPrefix(text, "cloning") {
			w.source.exec("INSERT INTO d.my VALUES (1)")
		}
	}
	w.target.failing("backup", w.target.method.Backup, cloneplugin.CodeEngines)
	w.target.release()
	w.source.release()
	check()
}

func TestPluginIsInstalledOnlyIfAllowedAndRemovedOnlyIfInstalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{noInstall: true})
	if _, err := w.target.method.Offer(t.Context()); err == nil || !strings.Contains(err.Error(), "does not allow") {
		t.Errorf("offered, or another reason: %v", err)
	}
	w.target.failing("prepare", w.target.method.Prepare, cloneplugin.CodePlugin)
	w.target.exec("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
	offer, err := w.target.method.Offer(t.Context())
	if err != nil || !offer.BackupToDatadir || strings.Join(offer.SupportedEngines, "") != "InnoDB" {
		t.Errorf("offer %+v: %v", offer, err)
	}
	w.source.opts.Install = true
	w.source.remake()
	before := w.target.state97()
	w.prepare()
	w.source.release()
	w.target.release()
	if got := w.source.ask("SELECT COUNT(*) FROM information_schema.plugins WHERE plugin_name = 'clone'"); got != "0" {
		t.Error("the installed plugin was left on the source")
	}
	if after := w.target.state97(); after != before {
		t.Errorf("the target was %q and is %q", before, after)
	}
	w.nothingLeft()
}

func TestServersWithoutClonePluginDoNotOfferIt(t *testing.T) {
	t.Parallel()
	for _, kind := range []sandbox.Kind{sandbox.MariaDB, sandbox.MySQL56} {
		a := newAgent(t, options{}, sandbox.Options{Kind: kind}, "Target")
		if _, err := a.method.Offer(context.Background()); err == nil || !strings.Contains(err.Error(), "8.0.17") {
			t.Errorf("%s: %v", kind, err)
		}
		a.release()
		if _, err := os.Stat(a.Datadir); err != nil {
			t.Error(err)
		}
	}
}
