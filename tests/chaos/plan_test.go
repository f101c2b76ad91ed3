package main

import (
	"reflect"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

func TestThePlanFollowsFromTheNumberAlone(t *testing.T) {
	seen := map[agentapi.Method]bool{}
	for n := range 50 {
		a, b := planRound(7, "mariadb1", sandbox.MariaDB, n), planRound(7, "mariadb1", sandbox.MariaDB, n)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("round %d is planned as %v and as %v", n, a, b)
		}
		if x, y := planService(7, n), planService(7, n); x != y {
			t.Errorf("blow %d to the service is planned as %v and as %v", n, x, y)
		}
		seen[a.method] = true
	}
	if len(seen) != 3 {
		t.Errorf("50 rounds are by %v only", seen)
	}
	if reflect.DeepEqual(planRound(7, "mariadb1", sandbox.MariaDB, 1), planRound(8, "mariadb1", sandbox.MariaDB, 1)) {
		t.Error("two numbers have one plan")
	}
}
