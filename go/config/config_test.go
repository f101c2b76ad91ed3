package config

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the table in docs/configuration.md")

func noEnv(string) (string, bool) { return "", false }

func parse(t *testing.T, text string) (Config, []Warning) {
	t.Helper()
	c, warnings, err := Parse([]byte(text), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	return c, warnings
}

func TestEveryFieldIsAKeyAndEveryKeyAField(t *testing.T) {
	fields, known := reflect.TypeFor[Config](), keysByLowerName()
	for i := range fields.NumField() {
		if name := fields.Field(i).Name; known[strings.ToLower(name)].Name != name {
			t.Errorf("the field %s is not in the table of keys", name)
		}
	}
	if n := fields.NumField(); n != len(known) {
		t.Errorf("%d fields, %d keys", n, len(known))
	}
	for lower, name := range orchestratorKeys() {
		if _, ours := known[lower]; ours {
			t.Errorf("%s is both ours and ignored", name)
		}
	}
}

// TestDocumentationHasEveryKeyWithItsDefault compares the generated part of the page; -update writes it.
func TestDocumentationHasEveryKeyWithItsDefault(t *testing.T) {
	const page, begin, end = "../../docs/configuration.md", "<!-- keys begin -->\n", "<!-- keys end -->\n"
	body, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(body), begin)
	written, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has lost its marks", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+begin+Markdown()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if written != Markdown() {
		t.Errorf("%s is not up to date; run: go test ./go/config -run Documentation -update", page)
	}
}

func TestSpecifiedDefaults(t *testing.T) {
	c := Default()
	for name, got := range map[string]any{
		":3000 :3001 true":   fmt.Sprint(c.ListenAddress, " ", c.AgentsListenAddress(), " ", c.ServeAgentsHttp),
		"sqlite3":            c.BackendDB,
		"30m0s 6h0m0s 1m0s":  fmt.Sprint(c.AgentPoll(), " ", c.UnseenAgentForget(), " ", c.AgentHttpTimeout()),
		"1m0s 3 1h0m0s 96h":  fmt.Sprint(c.SeedProcessInterval(), " ", c.MaxRetriesForSeedStage, " ", c.SeedBackupStaleFail(), " ", c.SeedDowntimeHours, "h"),
		"true 5m0s 10s 1h0m": fmt.Sprint(c.SeedEventDriven, " ", c.SeedAgentUnreachable(), " ", c.SeedReplicaLagLimit(), " ", strings.TrimSuffix(c.SeedCatchUp().String(), "0s")),
		"24h0m0s 0 1":        fmt.Sprint(c.SeedHoldFailed(), " ", c.MaxActiveSeeds, " ", c.MaxActiveSeedsPerSource),
		"8760h0m0s 720h0m0s": fmt.Sprint(c.SeedHistory(), " ", c.AuditPurge()),
	} {
		if got != name {
			t.Errorf("default is %v, want %v", got, name)
		}
	}
	if err := c.validate(); err != nil {
		t.Errorf("the defaults are not valid: %v", err)
	}
}

func TestOrchestratorsFileIsTakenWithoutAWord(t *testing.T) {
	c, warnings := parse(t, `{
		"Debug": true, "EnableSyslog": false, "ListenAddress": ":3000", "MySQLTopologyUser": "orchestrator",
		"MySQLTopologyPassword": "orch_topology_password", "MySQLTopologyCredentialsConfigFile": "",
		"MySQLOrchestratorHost": "127.0.0.1", "MySQLOrchestratorPort": 3306, "MySQLOrchestratorDatabase": "orchestrator",
		"BackendDB": "sqlite", "SQLite3DataFile": "/var/lib/o.db", "DefaultInstancePort": 3306, "DiscoverByShowSlaveHosts": true,
		"InstancePollSeconds": 5, "DiscoveryIgnoreReplicaHostnameFilters": ["a_host_i_want_to_ignore[.]example[.]com"],
		"HostnameResolveMethod": "default", "MySQLHostnameResolveMethod": "@@hostname", "ClusterNameToAlias": {"127.0.0.1": "test suite"},
		"PowerAuthUsers": ["*"], "PowerAuthGroups": [], "RecoverMasterClusterFilters": ["_master_pattern_"],
		"OnFailureDetectionProcesses": ["echo 'Detected {failureType}' >> /tmp/recovery.log"], "AgentsServerPort": "3001",
		"ServeAgentsHttp": false, "StatusEndpoint": "/api/status", "RaftEnabled": false, "ConsulAddress": "", "agentpollminutes": 60,
		"_comment": "mine", "DetectClusterAliasQuery": "SELECT SUBSTRING_INDEX(@@hostname, '.', 1)", "UnseenInstanceForgetHours": 240
	}`)
	if len(warnings) != 0 {
		t.Errorf("warnings: %v", warnings)
	}
	if !c.Debug || c.BackendDB != "sqlite3" || c.ServeAgentsHttp || c.AgentPoll() != time.Hour || c.AgentsListenAddress() != ":3001" {
		t.Errorf("read as %v", c)
	}
}

func TestUnknownKeyIsAWarningWithTheNearestName(t *testing.T) {
	for key, nearest := range map[string]string{
		"SeedProcessIntervalSecond": "SeedProcessIntervalSeconds",
		"MaxRetrysForSeedStage":     "MaxRetriesForSeedStage",
		"HttpAuthUsr":               "HTTPAuthUser",
		"InstancePolSeconds":        "InstancePollSeconds",
		"Zebra":                     "",
	} {
		_, warnings := parse(t, `{"`+key+`": 1}`)
		if len(warnings) != 1 || warnings[0].Key != key || strings.Contains(warnings[0].Message, "Did you mean") != (nearest != "") ||
			!strings.Contains(warnings[0].Message, nearest) {
			t.Errorf("%s: %v", key, warnings)
		}
	}
}

func TestWrongValueIsAnErrorThatNamesKeyValueAndWhatIsAllowed(t *testing.T) {
	for text, parts := range map[string][]string{
		`{"SeedProcessIntervalSeconds": "60"}`: {"SeedProcessIntervalSeconds", `"60"`, "whole number from 1"},
		`{"SeedProcessIntervalSeconds": 0}`:    {"SeedProcessIntervalSeconds is 0", "from 1"},
		`{"MaxActiveSeeds": 1.5}`:              {"MaxActiveSeeds is 1.5", "whole number"},
		`{"Debug": "yes"}`:                     {"Debug", `"yes"`, "true or false"},
		`{"ListenAddress": 3000}`:              {"ListenAddress is 3000", "text"},
		`{"ListenAddress": "3000"}`:            {"ListenAddress", `"3000"`, ":port"},
		`{"BackendDB": "postgres"}`:            {"BackendDB", "postgres", "sqlite3", "mysql"},
		`{"BackendDB": "mysql"}`:               {"MySQLOrchestratorHost", "needed"},
		`{"AuthenticationMethod": "token"}`:    {"AuthenticationMethod", "token", "not supported yet"},
		`{"AuthenticationMethod": "basic"}`:    {"HTTPAuthUser", "needed"},
		`{"PowerAuthUsers": "dba"}`:            {"PowerAuthUsers", "list"},
		`{"URLPrefix": "orc"}`:                 {"URLPrefix", "orc", "path"},
		`{"StatusEndpoint": "/a{b}"}`:          {"StatusEndpoint"},
		`{"UseSSL": true}`:                     {"SSLCertFile", "SSLPrivateKeyFile"},
		`{"AgentsUseSSL": true, "AgentsUseMutualTLS": true, "AgentSSLCertFile": "c", "AgentSSLPrivateKeyFile": "k"}`: {"AgentSSLCAFile"},
		`{"MySQLTopologyUser": "${NOSUCH}"}`: {"MySQLTopologyUser", "NOSUCH", "not set"},
		"{\n\"Debug\": tru\n}":               {"line 2"},
		`[]`:                                 {"JSON object"},
		`null`:                               {"JSON object"},
		`{"Debug": 1, "ReadOnly": 2}`:        {"Debug is 1", "ReadOnly is 2"},
	} {
		_, _, err := Parse([]byte(text), noEnv)
		for _, part := range parts {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v\nlacks %q", text, err, part)
			}
		}
	}
}

func TestEnvironmentIsPutIntoStrings(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"PW": `a"b\c$d`, "HOST": "db1", "EMPTY": ""}[name]
		return v, ok
	}
	c, _, err := Parse([]byte(`{"MySQLTopologyPassword": "${PW}", "MySQLOrchestratorHost": "${HOST}.example.com${EMPTY}",
		"PowerAuthUsers": ["${HOST}"], "DetectClusterAliasQuery": "select '$HOST {x} $ {HOST}'"}`), env)
	if err != nil {
		t.Fatal(err)
	}
	if c.MySQLTopologyPassword != `a"b\c$d` || c.MySQLOrchestratorHost != "db1.example.com" || c.PowerAuthUsers[0] != "db1" ||
		c.DetectClusterAliasQuery != "select '$HOST {x} $ {HOST}'" {
		t.Errorf("read as %v", c)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	c, _ := parse(t, `{"MySQLTopologyPassword": "hush1", "HTTPAuthPassword": "hush2", "MySQLOrchestratorPassword": "hush3",
		"ReplicationPassword": "hush4", "HTTPAuthUser": "dba"}`)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("read", "config", c)
	for _, shown := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v %s", c, c, &c), log.String()} {
		if strings.Contains(shown, "hush") || !strings.Contains(shown, "dba") {
			t.Errorf("shown: %s", shown)
		}
	}
	_, _, err := Parse([]byte(`{"HTTPAuthPassword": ["hush"]}`), noEnv)
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("error is %v", err)
	}
}

func TestCredentialFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	cnf, conf := filepath.Join(dir, "topology.cnf"), filepath.Join(dir, "o.json")
	write(t, cnf, "[mysql]\nuser=wrong\n[client]\n# mine\nuser = orc\npassword = \"a#b c\\\"d'\" # not this\n")
	write(t, conf, `{"MySQLTopologyUser": "x", "MySQLTopologyCredentialsConfigFile": "`+cnf+`", "Zebra": 1}`)
	c, warnings, err := Load(conf)
	if err != nil || len(warnings) != 1 {
		t.Fatal(err, warnings)
	}
	if c.MySQLTopologyUser != "orc" || c.MySQLTopologyPassword != `a#b c"d'` {
		t.Errorf("read %q %q", c.MySQLTopologyUser, c.MySQLTopologyPassword)
	}
	write(t, cnf, "[client]\npassword=x\n")
	if _, _, err = Load(conf); err == nil || !strings.Contains(err.Error(), "MySQLTopologyCredentialsConfigFile") {
		t.Errorf("error is %v", err)
	}
}

func TestFilesAreLookedForInOrder(t *testing.T) {
	if _, _, err := Load(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("a file that was named and is not there was no error")
	}
	if _, err := os.Stat(DefaultFiles[0]); err == nil {
		t.Logf("this machine has %s, so that the rest of the order is not tried", DefaultFiles[0])
		return
	}
	t.Chdir(t.TempDir())
	c, _, err := Load("")
	if err != nil || !reflect.DeepEqual(*c, Default()) {
		t.Errorf("without any file: %v %v", c, err)
	}
	if err := os.Mkdir("conf", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, DefaultFiles[1], `{"Debug": true}`)
	if c, _, err = Load(""); err != nil || !c.Debug {
		t.Errorf("with %s: %v %v", DefaultFiles[1], c, err)
	}
}

func TestSampleFilesAreValid(t *testing.T) {
	files, err := filepath.Glob("../../conf/orchestrator-seed*.conf.json")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, warnings, err := Parse(body, func(string) (string, bool) { return "x", true })
		if err != nil || len(warnings) != 0 {
			t.Error(file, err, warnings)
		}
	}
}

func TestOptionFilesValues(t *testing.T) {
	for line, value := range map[string]string{
		"password=plain":                 "plain",
		"password = sp ace  ":            "sp ace",
		"password=ab#cd":                 "ab",
		`password="ab#cd"`:               "ab#cd",
		`password='it''s'`:               "it",
		`password=back\\slash\s\t\x`:     "back\\slash \t\\x",
		"password":                       "",
		`password="ü, :;"`:               "ü, :;",
		"user=x\npassword=y\nPassword=z": "z",
	} {
		client, err := parseOptionFile("[CLIENT]\r\n" + line + "\r\n")
		if err != nil || client["password"] != value {
			t.Errorf("%s: %q %v", line, client["password"], err)
		}
	}
	for _, bad := range []string{"user=x", "[client\nuser=x", "[client]\npassword='x"} {
		if _, err := parseOptionFile(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"Debug": true, "SeedProcessIntervalSeconds": 60, "PowerAuthUsers": ["*"], "URLPrefix": "/x/", "Nosuch": {}}`)
	f.Add(`{"ListenAddress": "[::1]:3000", "BackendDB": "SQLite", "MySQLTopologyPassword": "${PW}"}`)
	f.Add(`{"debug": null, "DEBUG": 1}`)
	f.Add(`[`)
	f.Fuzz(func(t *testing.T, text string) {
		c, warnings, err := Parse([]byte(text), func(name string) (string, bool) { return "v" + name, len(name) < 9 })
		for _, w := range warnings {
			if w.Message == "" {
				t.Error("a warning without a word")
			}
		}
		if err != nil {
			return
		}
		if again := c; again.validate() != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("what was taken is not valid: %v", c)
		}
	})
}

func FuzzOptionFile(f *testing.F) {
	f.Add("[client]\nuser=orc\npassword='p\\'w' # x\n")
	f.Add("[mysqld]\nskip\n!include /x\n[client]\nuser = \"a\\sb\"")
	f.Fuzz(func(t *testing.T, text string) {
		client, err := parseOptionFile(text)
		if err == nil && !strings.Contains(strings.ToLower(text), "client") && len(client) > 0 {
			t.Errorf("options without a group: %v", client)
		}
	})
}
