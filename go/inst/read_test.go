package inst_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/inst"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestReadInstanceTellsWhatIsOnTheServer(t *testing.T) {
	expiry := map[sandbox.Kind]struct {
		set     string
		seconds int64
	}{
		sandbox.MariaDB: {"SET GLOBAL expire_logs_days = 3", 3 * 86400},
		sandbox.MySQL97: {"SET GLOBAL binlog_expire_logs_seconds = 7200", 7200},
		sandbox.MySQL56: {"SET GLOBAL expire_logs_days = 2", 2 * 86400},
	}
	for _, kind := range sandbox.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			s := sandbox.StartT(t, sandbox.Options{Kind: kind, Passwords: sandbox.AwkwardPasswords()})
			run(t, s, expiry[kind].set, "CREATE DATABASE shop", "CREATE DATABASE `empty, Käse`", "CREATE TABLE shop.a (id INT) ENGINE=InnoDB",
				"INSERT INTO shop.a VALUES (1)", "CREATE TABLE shop.b (id INT) ENGINE=MyISAM", "INSERT INTO shop.b VALUES (1)",
				"CREATE TABLE shop.c (id INT) ENGINE=MyISAM", "CREATE VIEW shop.v AS SELECT * FROM shop.a",
				"CREATE USER 'o\\'brien'@'10.0.0.%' IDENTIFIED BY 'Xx-1234567'")
			in, err := inst.New(inst.Options{User: sandbox.TopologyUser, Password: s.Passwords.Topology}).ReadInstance(testContext(t), addr(s))
			if err != nil {
				t.Fatal(err)
			}
			if len(in.Schemas) != 2 || in.Schemas["shop"] < 16384 {
				t.Errorf("schemas: %v", in.Schemas)
			}
			if _, ok := in.Schemas["empty, Käse"]; !ok {
				t.Errorf("schemas: %v", in.Schemas)
			}
			if len(in.NonTransactional) != 1 || in.NonTransactional["MyISAM"] != 1 {
				t.Errorf("engines: %v", in.NonTransactional)
			}
			if !slices.Contains(in.Accounts, `'o\'brien'@'10.0.0.%'`) || !slices.Contains(in.Accounts, "'orchestrator'@'%'") {
				t.Errorf("accounts: %q", in.Accounts)
			}
			if in.ServerID != int64(s.ServerID) || !in.LogBin || in.BinlogFile == "" || in.BinlogPos < 4 || in.PageSize != 16384 || in.ReadOnly {
				t.Errorf("%+v", in)
			}
			if (in.ServerUUID == "") == kind.IsMySQL() || in.Replica != nil || len(in.Replicas) > 0 {
				t.Errorf("%+v", in)
			}
			if in.BinlogExpireSeconds != expiry[kind].seconds {
				t.Errorf("binary logs expire after %d s", in.BinlogExpireSeconds)
			}
			if d := time.Since(in.Now); d > time.Minute || d < -time.Minute {
				t.Errorf("server's clock: %v", in.Now)
			}
		})
	}
}

// leastPrivileges makes an account with nothing but what GrantsNeeded says.
func leastPrivileges(t *testing.T, s *sandbox.Server, without string) inst.Options {
	t.Helper()
	v, err := inst.ParseVersion(ask(t, s, "SELECT VERSION()"))
	if err != nil {
		t.Fatal(err)
	}
	grants := inst.GrantsNeeded(v)
	if without != "" {
		grants = strings.ReplaceAll(", "+grants+",", ", "+without+",", ",")
		grants = strings.Trim(grants, ", ")
	}
	run(t, s, "CREATE USER least@'%' IDENTIFIED BY 'Least-1'", "GRANT "+grants+" ON *.* TO least@'%'")
	return inst.Options{User: "least", Password: "Least-1"}
}

func TestDocumentedGrantsAreEnoughForEverything(t *testing.T) {
	for _, kind := range sandbox.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			p := newPair(t, sandbox.Options{Kind: kind})
			repl := p.opt
			p.opt = leastPrivileges(t, p.source, "")
			leastPrivileges(t, p.target, "")
			p.opt.ReplicationUser, p.opt.ReplicationPassword = repl.ReplicationUser, repl.ReplicationPassword
			p.connect(whole(p.copied()))
			p.arrives(2)
			p.passes()
			if in, err := p.topology().ReadInstance(testContext(t), addr(p.source)); err != nil || len(in.Replicas) != 1 || in.Replicas[0] != "127.0.0.1" {
				t.Errorf("%+v, %v", in, err)
			}
			if in, err := p.topology().ReadInstance(testContext(t), addr(p.target)); err != nil || in.Replica == nil || in.Replica.SourceHost != p.source.Host {
				t.Errorf("%+v, %v", in, err)
			}
			if err := p.topology().DisconnectReplica(testContext(t), addr(p.target)); err != nil {
				t.Fatal(err)
			}
			if err := p.topology().DisconnectReplica(testContext(t), addr(p.target)); err != nil {
				t.Fatal(err)
			}
			_, err := p.topology().ReplicaState(testContext(t), addr(p.target), addr(p.source))
			if !errors.Is(err, inst.ErrNotReplica) {
				t.Error(err)
			}
		})
	}
}

func TestServerIsNeverTakenForEmptyForWantOfGrants(t *testing.T) {
	for _, kind := range sandbox.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			s := sandbox.StartT(t, sandbox.Options{Kind: kind})
			run(t, s, "CREATE DATABASE shop", "CREATE TABLE shop.a (id INT)")
			opt := leastPrivileges(t, s, "SELECT")
			_, err := inst.New(opt).ReadInstance(testContext(t), addr(s))
			var e *inst.Error
			if !errors.As(err, &e) || e.Code != inst.CodeGrants || !strings.Contains(e.Hint, "SELECT") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestCredentialsComeFromTheQueryElseFromTheConfiguration(t *testing.T) {
	s := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB})
	run(t, s, "CREATE DATABASE meta", "CREATE TABLE meta.repl (u VARCHAR(30), p VARCHAR(60))", "CREATE TABLE meta.cluster (alias VARCHAR(60))",
		"INSERT INTO meta.cluster VALUES ('shop')")
	opt := inst.Options{User: sandbox.TopologyUser, Password: s.Passwords.Topology, ReplicationUser: "conf", ReplicationPassword: "cp",
		ReplicationCredentialsQuery: "SELECT u, p FROM meta.repl", DetectClusterAliasQuery: "SELECT alias FROM meta.cluster"}
	check := func(opt inst.Options, want string) {
		t.Helper()
		user, password, err := inst.New(opt).ReplicationCredentials(testContext(t), addr(s))
		if got := fmt.Sprintf("%s/%s/%v", user, password, err); !strings.HasPrefix(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	check(opt, "conf/cp/<nil>")
	run(t, s, `INSERT INTO meta.repl VALUES ('r', 'a''b "c, d')`)
	check(opt, `r/a'b "c, d/<nil>`)
	if alias, err := inst.New(opt).ClusterAlias(testContext(t), addr(s)); err != nil || alias != "shop" {
		t.Error(alias, err)
	}
	opt.ReplicationCredentialsQuery = "SELECT u, p FROM meta.gone"
	check(opt, "//read replication credentials on")
	check(inst.Options{}, "//read replication credentials on")
}

func TestServerThatIsNotThereOrRefusesIsSaidSo(t *testing.T) {
	s := sandbox.StartT(t, sandbox.Options{Kind: sandbox.MariaDB})
	_, err := inst.New(inst.Options{User: sandbox.TopologyUser, Password: "no'pe"}).ReadInstance(testContext(t), addr(s))
	var e *inst.Error
	if !errors.As(err, &e) || e.Code != inst.CodeCredentials || e.Hint == "" || strings.Contains(err.Error(), "no'pe") {
		t.Errorf("%v", err)
	}
	s.Close()
	_, err = inst.New(inst.Options{User: "x"}).ReadInstance(testContext(t), addr(s))
	if !errors.As(err, &e) || e.Code != inst.CodeUnreachable || e.Permanent {
		t.Errorf("%v", err)
	}
}
