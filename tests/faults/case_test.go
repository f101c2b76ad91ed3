package faults

import (
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// faultCase is one line of the table: one fault, in one stage, on one side.
type faultCase struct {
	fault int    // its number in the list of faults
	what  string // what is done
	stage string // when; a stage's name, or words
	where string // within the stage, in words
	side  string // where: "service", "source", "target", "both", "-"
	ci    bool   // in the selection that every change is tested with

	kit    *kit
	method agentapi.Method
	kind   sandbox.Kind // of both servers

	// fleet changes how the fleet is set up.
	fleet func(*fleet.Options)
	// disk is where in the fleet's directories a small disk is mounted, which needs root; nil: nowhere.
	disk func(o *fleet.Options) (dir string, bytes int)
	// between: the harness stands between the target's agent and all others.
	between bool
	// beforeMySQL: the harness stands between the source's MySQL and all others.
	beforeMySQL bool
	// slow: it takes minutes by itself.
	slow bool
	// backend: the service's database is a MySQL server, not SQLite.
	backend bool
	// skewed: the programs whose clock is off, "agents" or "service"; "": none.
	skewed string
	// dump is the stand-in for the target's dump program; "": the real one.
	dump string
	// tools are stand-ins for other programs of the agents.
	tools standIns
	// do starts the seed, does the harm, and returns when the seed has ended.
	do  func(w *world)
	end ending
}

func (c faultCase) title() string {
	words := strings.NewReplacer(" ", "_", "/", "_")
	return fmt.Sprintf("%s/%d/%s/%s/%s", c.method, c.fault, words.Replace(c.at()), c.side, words.Replace(c.what))
}

// at is the stage, and where in it.
func (c faultCase) at() string {
	if c.where == "" {
		return c.stage
	}
	return c.stage + ", " + c.where
}

// ending is how the seed must have ended.
type ending struct {
	stage agentapi.Stage // of a failed seed
	code  string         // of a failed seed; "" is a completed one
	text  string         // regular expression for its error text
	hint  string         // regular expression for its hint; "": any, but there must be one
	data  targetData     // on the target afterwards
	once  bool           // every stage was started exactly once on every agent
	none  bool           // no seed was made
}

// targetData is what the target may hold after a seed that did not complete.
type targetData string

const (
	oldData targetData = "old data"             // as before the seed
	emptied targetData = "empty"                // the old data was removed, and the states say so
	copied  targetData = "the copy, no replica" // all of the source's data, not replicating
	replica targetData = "a replica"            // of the source
	drifted targetData = "the copy, replication stopped"
)

var completed = ending{data: replica}

// aborted is the end of an aborted seed.
func aborted(stage agentapi.Stage, data targetData) ending {
	return ending{stage: stage, code: "aborted", text: "^Aborted by ", data: data}
}

// sections are the agents' configuration sections of the methods.
var sections = map[agentapi.Method]string{
	agentapi.Mysqldump: "mysqldump", agentapi.Mydumper: "mydumper", agentapi.Xtrabackup: "xtrabackup", agentapi.LVM: "lvm", agentapi.ClonePlugin: "clone_plugin",
}

var seedStages = []agentapi.Stage{agentapi.Prepare, agentapi.Backup, agentapi.Restore, agentapi.ConnectSlave, agentapi.Cleanup}
