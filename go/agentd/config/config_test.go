package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

// v2File is a file as agents of the "v2" line have it.
const v2File = `
[common]
port = 3002
seed-port = 21234
poll-interval = "1m0s"
resubmit-agent-interval = "60m0s"
http-auth-user = ""
http-auth-password = ""
http-timeout = "10s"
use-ssl = false
ssl-valid-ous = []
token-hint-file = ""
exec-with-sudo = false
sudo-user = "mysql"
backup-dir = "/backup"
status-endpoint = "/api/status"
status-bad-seconds = "300s"

[orchestrator]
url = "http://orchestrator"
agents-port = 3001

[logging]
file = "/var/log/orchestrator-agent.log"
level = "info"

[mysql]
port = 3306
user = "agent"
password = "pa#ss \"word\""
service-status-command = "systemctl status mysqld"
service-start-command = ["systemctl", "start", "mysqld"]
service-stop-command = "sh -c 'mysqladmin shutdown'"

[custom-commands]
  [custom-commands.echo]
  cmd = "echo 'hello 1'"
  [custom-commands.post-seed-command]
  cmd = ["echo", "done"]

[mysqldump]
enabled = true
mysqldump-addtional-opts = ["--single-transaction", "--quick"]

[mydumper]
enabled = true
mydumper-addtional-opts = "--threads=4 --compress"
myloader-additional-opts = ["--threads=4"]

[xtrabackup]
enabled = true
xtrabackup-addtional-opts = ["--parallel=4"]
socat-use-ssl = true
socat-ssl-cert-file = "/etc/c.pem"
socat-ssl-cat-file = "/etc/ca.pem"
socat-ssl-skip-verify = true

[lvm]
enabled = true
create-snapshot-command = "/usr/local/bin/snapshot"
create-new-snapshot-for-seed = true
available-local-snapshot-hosts-command = "echo 127.0.0.1"
available-snapshot-hosts-command = "echo 127.0.0.1"
snapshot-volumes-filter = "mysql-snapshot-"
socat-use-ssl = false

[clone_plugin]
enabled = true
clone-autotune-concurrency = true
clone-buffer-size = 4194304
clone-ssl-ca = "/etc/ca.pem"
`

func noEnv(string) (string, bool) { return "", false }

func TestFileOfAV2AgentWorksUnchanged(t *testing.T) {
	c, warnings, err := Parse(v2File, noEnv)
	if err != nil || len(warnings) != 0 {
		t.Fatal(err, warnings)
	}
	for what, ok := range map[string]bool{
		"intervals": c.Common.PollInterval == time.Minute && c.Common.ResubmitAgentInterval == time.Hour && c.Common.StatusBadAfter == 5*time.Minute,
		"password":  string(c.MySQL.Password) == `pa#ss "word"`,
		"status":    slices.Equal(c.MySQL.ServiceStatusCommand, []string{"systemctl", "status", "mysqld"}),
		"start":     slices.Equal(c.MySQL.ServiceStartCommand, []string{"systemctl", "start", "mysqld"}),
		"stop":      slices.Equal(c.MySQL.ServiceStopCommand, []string{"sh", "-c", "mysqladmin shutdown"}),
		"custom":    len(c.CustomCommands) == 1 && slices.Equal(c.CustomCommands["echo"], []string{"echo", "hello 1"}),
		"post seed": slices.Equal(c.PostSeedCommand, []string{"echo", "done"}),
		"dump":      slices.Equal(c.Mysqldump.Options, []string{"--single-transaction", "--quick"}),
		"mydumper":  slices.Equal(c.Mydumper.MydumperOptions, []string{"--threads=4", "--compress"}),
		"socat":     c.Xtrabackup.Socat == Socat{true, "/etc/c.pem", "/etc/ca.pem", true} && !c.LVM.Socat.UseSSL,
		"clone":     c.ClonePlugin.Settings["clone-autotune-concurrency"] == "true" && c.ClonePlugin.Settings["clone-buffer-size"] == "4194304",
		"state dir": c.Common.StateDir == "/var/lib/orchestrator-agent" && c.MySQL.Host == "127.0.0.1",
	} {
		if !ok {
			t.Errorf("%s: %+v", what, c)
		}
	}
}

const least = "[common]\nbackup-dir='/b'\n[orchestrator]\nurl='http://o'\n[mysql]\nuser='u'\npassword='p'\n"

func TestBothSpellingsOfMisspeltKeysAreTaken(t *testing.T) {
	for _, name := range []string{"mysqldump-addtional-opts", "mysqldump-additional-opts", "addtional-opts", "additional-opts"} {
		c, warnings, err := Parse(least+"[mysqldump]\n"+name+"=['-x']\n", noEnv)
		if err != nil || len(warnings) != 0 || !slices.Equal(c.Mysqldump.Options, []string{"-x"}) {
			t.Errorf("%s: %v %v", name, err, warnings)
		}
	}
}

func TestWhatIsWrongIsNamedWithWhatIsAllowed(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "common.backup-dir: missing"},
		{"", "orchestrator.url: missing"},
		{"", "mysql.password: missing"},
		{"[common]\nport='3002'\n", `common.port: wrong value "3002"; allowed: a number from 1 to 65535, without quotes`},
		{"[common]\nport=70000\n", "common.port: wrong value 70000"},
		{"[common]\npoll-interval=60\n", "common.poll-interval: wrong value 60; allowed: a duration"},
		{"[common]\nbackup-dir='b'\n", `common.backup-dir: wrong value "b"; allowed: a path that begins with /`},
		{"[mysql]\npassword=12345\n", "mysql.password: wrong value; allowed: a string"},
		{"[mysql]\nservice-start-command=\"echo 'x\"\n", "a quote is not closed"},
		{"[mysql]\nservice-start-command=[1]\n", "mysql.service-start-command: wrong value [1]"},
		{"[logging]\nlevel='loud'\n", "allowed: debug, info, warn, error"},
		{"[orchestrator]\nurl='ftp://x'\n", "orchestrator.url: wrong value"},
		{"[common]\nhostname='${NOSUCH}'\n", "common.hostname: environment variable NOSUCH is not set"},
		{"[custom-commands.x]\n", "custom-commands.x.cmd: missing or empty"},
		{"[common]\nuse-ssl=true\n", "needs common.ssl-cert-file"},
		{"mysql=1\n", "mysql: allowed: a section [mysql]"},
		{"[common\n", "line 2"},
	} {
		_, _, err := Parse(c.text, noEnv)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; wanted %q", c.text, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "12345") {
			t.Errorf("a secret is in %v", err)
		}
	}
}

func TestUnknownKeysAreWarningsWithTheNearestName(t *testing.T) {
	for text, want := range map[string]string{
		"[comon]\nport=1\n":                          "unknown section or key comon; the nearest known is common",
		"[lvm]\nenbled=true\n":                       "unknown key lvm.enbled; the nearest known is lvm.enabled",
		"[lvm]\nseed-port=1\n":                       "unknown key lvm.seed-port; the nearest known is common.seed-port",
		"[xtrabackup]\nzzzzzzzzzz=1\n":               "unknown key xtrabackup.zzzzzzzzzz",
		"[custom-commands.x]\ncmd='a | b'\n":         `"|" is handed to the program as it is`,
		"[custom-commands.x]\ncmd='a'\nshell=true\n": "unknown key custom-commands.x.shell",
	} {
		_, warnings, err := Parse(least+text, noEnv)
		if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], want) {
			t.Errorf("%q: %v %v", text, warnings, err)
		}
	}
}

func TestVariablesComeFromTheEnvironment(t *testing.T) {
	env := func(name string) (string, bool) { return map[string]string{"PW": "x y", "U": "me"}[name], true }
	text := strings.NewReplacer("'u'", "'${U}-${U}'", "'p'", "'${PW}'").Replace(least) + "[custom-commands.x]\ncmd=['a','${PW}','$U']\n"
	c, _, err := Parse(text, env)
	if err != nil || c.MySQL.User != "me-me" || string(c.MySQL.Password) != "x y" || !slices.Equal(c.CustomCommands["x"], []string{"a", "x y", "$U"}) {
		t.Fatalf("%+v %v", c, err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	c, _, err := Parse(strings.Replace(least, "'p'", "'s3cr3t'", 1), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	j, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "config", *c, "password", c.MySQL.Password)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s %q", c.MySQL, *c, c.MySQL, c.MySQL.Password, c.MySQL.Password), string(j), b.String()} {
		if strings.Contains(s, "s3cr3t") {
			t.Error(s)
		}
	}
}

func TestCommandLinesAreSplitAsAShellWould(t *testing.T) {
	for line, want := range map[string][]string{
		``: nil, `  `: nil, `a b`: {"a", "b"}, `a 'b c' "d e"`: {"a", "b c", "d e"}, `a\ b`: {"a b"}, `'a'"b"c`: {"abc"},
		`"a\"b" '\'`: {`a"b`, `\`}, `"\x"`: {`\x`}, `""`: {""}, `a "$X" | b`: {"a", "$X", "|", "b"},
	} {
		got, err := Split(line)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q %v", line, got, err)
		}
	}
	for _, line := range []string{`'a`, `"a`, `a\`} {
		if got, err := Split(line); err == nil {
			t.Errorf("%s: %q", line, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(v2File)
	f.Add(least)
	f.Add("custom-commands = 1\n[lvm]\nenabled=1")
	f.Fuzz(func(t *testing.T, text string) {
		c, _, err := Parse(text, noEnv)
		if err == nil && (c.Common.BackupDir == "" || c.Orchestrator.URL == "" || c.MySQL.User == "") {
			t.Errorf("%q was accepted without what is needed", text)
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add(`a 'b c' "d\"e" \f`)
	f.Fuzz(func(t *testing.T, line string) {
		args, err := Split(line)
		if err != nil {
			return
		}
		quoted := make([]string, len(args))
		for i, a := range args {
			quoted[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		again, err := Split(strings.Join(quoted, " "))
		if err != nil || !slices.Equal(again, args) {
			t.Errorf("%q: %q, again %q, %v", line, args, again, err)
		}
	})
}
