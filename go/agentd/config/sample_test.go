package config

import "testing"

func TestSampleFileIsRight(t *testing.T) {
	t.Setenv("ORCHESTRATOR_AGENT_MYSQL_PASSWORD", "x")
	c, warnings, err := Read("../../../conf/orchestrator-agent.conf")
	if err != nil || len(warnings) != 0 {
		t.Fatal(err, warnings)
	}
	if string(c.MySQL.Password) != "x" || !c.Mysqldump.Enabled || len(c.MySQL.ServiceStartCommand) != 3 {
		t.Errorf("%+v", c)
	}
}
