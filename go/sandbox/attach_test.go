package sandbox

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestAttachedServerHasTheAccountsAndOutlivesClose(t *testing.T) {
	ctx := context.Background()
	started := StartT(t, Options{Kind: MariaDB, NoAccounts: true})
	db := started.Open("")
	for _, statement := range []string{"DELETE FROM mysql.global_priv WHERE user = 'root' AND host <> 'localhost'", "FLUSH PRIVILEGES",
		"CREATE USER root@'%' IDENTIFIED BY 'of root'", "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION"} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	attached, err := Attach(ctx, AttachOptions{Host: started.Host, Port: started.Port, RootPassword: "of root", Passwords: AwkwardPasswords()})
	if err != nil {
		t.Fatal(err)
	}
	if attached.Kind != MariaDB {
		t.Errorf("the server is taken for %s", attached.Kind)
	}
	for _, user := range []string{AdminUser, TopologyUser, AgentUser, ReplicationUser} {
		as := attached.open(attached.config(user, ""))
		if err := as.PingContext(ctx); err != nil {
			t.Errorf("%s: %v", user, err)
		}
		_ = as.Close()
	}
	if err := attached.Close(); err != nil {
		t.Error(err)
	}
	if err := db.PingContext(ctx); err != nil {
		t.Errorf("after Close of the attached one: %v", err)
	}
	_, err = Attach(ctx, AttachOptions{Host: started.Host, Port: started.Port, RootPassword: "another", StartTimeout: time.Second})
	if err == nil || !strings.Contains(err.Error(), "root") {
		t.Errorf("with a wrong password: %v", err)
	}
}
