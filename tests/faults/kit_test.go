package faults

import (
	"context"
	"errors"
	"slices"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
	"github.com/orchestrator-seed/orchestrator-seed/tests/fleet"
)

// kit is what the families of faults, which are made once for all methods, need to know of one.
type kit struct {
	method agentapi.Method
	kind   sandbox.Kind // of both servers

	// fleet configures the fleets of this method beyond its section; nil: nothing more.
	fleet func(*fleet.Options)
	// fill changes what the source is filled with (InnoDBOnly); nil: nothing.
	fill func(*sandbox.FillOptions)
	// prune is done on the filled source: what this method can't carry and refuses beforehand is taken out; nil: nothing.
	prune []string
	// setUp is called before the fleet is started, for a disk that must be mounted; nil: nothing.
	setUp func(w *world, o *fleet.Options)
	// left looks for what only this method could leave behind; nil: nothing more than what every method could.
	left func(w *world) error

	// physical methods replace the target's data directory: until the gate was passed the old data are put back, MySQL running
	// on them.
	physical bool
	// sends: Backup runs on the source, which sends to the target's agent.
	sends bool
	// holds are how stages are held open, at least one for each stage; the first of a stage is the usual one.
	holds []hold
	// startCode is the code of a new server that does not start, fault 29.
	startCode string
	// room is how many bytes the target's disk needs for the old data and the new, with something to spare.
	room int
	// resumes: a copy that broke off goes on where it was, and its Prepare needs no room anew.
	resumes bool
	// roomless: Restore writes next to nothing once it is held.
	roomless bool
	// noMounts says why a data directory that is a mount point can't be seeded; "": it can.
	noMounts string
	// ignoreLost are lines of my.cnf for a data directory that holds lost+found.
	ignoreLost []string
	// kills are the programs and connections that fault 8 ends.
	kills []killing
	// serverKills are the stages in which fault 8 ends mysqld, by side.
	serverKills map[agentapi.Side][]agentapi.Stage
	// lies are faults 9 to 11: programs that do not tell how it went.
	lies []lie
	// still are the stand-ins that hang without moving, fault 18.
	still []lie
	// late: the copy's position is that of its end.
	late bool
	// locks is the stage that a lock on a table of the source has wait (w.lockedSource); "": none does.
	locks agentapi.Stage
	// line: the data goes over the data port of the target's agent, where the harness can stand in between (faults 12 to 15).
	line bool

	// without says of faults that can't be done to this method why; it stands in the report.
	without map[int]string
	// telling says which cases every change is tested with.
	telling func(faultCase) bool
	// more are this method's own cases.
	more func(k *kit) []faultCase
}

// hold says how a stage is held open.
type hold struct {
	stage agentapi.Stage
	where string // within the stage, in words; "" is its usual place
	fleet func(*fleet.Options)
	dump  string
	tools standIns
	after targetData // what the target holds when the seed ends badly here, and is released
	// putsBack: the same programs have to let go before the old data can be put back.
	putsBack bool
	// until starts the seed and brings it there; open lets it go on (it may be called again).
	until func(w *world) (open func())
}

// standIns are programs in place of the agents' tools, by side and by the program's name.
type standIns map[agentapi.Side]map[string]string

// killing is a program or connection that is ended while a stage is held.
type killing struct {
	what string // "the backup tool"
	at   hold
	side agentapi.Side
	kill func(w *world)
	said string // regular expression for what a state of the seed must say
	// hidden: the stand-in before it shows its end only when it is let go on.
	hidden bool
}

// lie is a program that does not tell how it went.
type lie struct {
	fault int
	what  string // "the dump program ends with 0 in the middle"
	stage agentapi.Stage
	side  agentapi.Side
	tool  string // the program's name; "": the dump program
	text  string // the stand-in
	code  string // how the seed ends when it is so at every attempt
	said  string // regular expression for the error text
}

// kits are all methods.
func kits() []*kit {
	return []*kit{mysqldumpKit(), xtrabackupKit(), mydumperKit(), clonePluginKit(), lvmKit()}
}

// families are made once for all methods.
var families = []func(*kit) []faultCase{serviceKilled, serviceStopped, agentKilled, agentGone, hostRestarted, toolsKilled, serversKilled,
	lyingTools, brokenLine, stillTools, stillCommands, purgedLogs, sourceChanged, sourceBusy, aborts, lateCommands, passwords, clocksOff, awkwardPasswords,
	badStarts, serverDown, replicationErrors, manyTables, objects, shapes, fullDisks, logicalDisks, own}

// cases is the whole table.
func cases() []faultCase {
	var all []faultCase
	for _, k := range kits() {
		for _, family := range families {
			for _, c := range family(k) {
				if k.without[c.fault] != "" {
					continue
				}
				c.method, c.kind, c.kit = k.method, k.kind, k
				c.ci = c.ci || k.telling != nil && k.telling(c)
				all = append(all, c)
			}
		}
	}
	return all
}

// own are a method's own cases.
func own(k *kit) []faultCase {
	if k.more == nil {
		return nil
	}
	return k.more(k)
}

// held is a case that begins with a stage held open.
func (k *kit) held(h hold, c faultCase) faultCase {
	c.stage, c.where = string(h.stage), h.where
	c.fleet, c.dump, c.tools = and(h.fleet, c.fleet), h.dump, h.tools
	return c
}

// hold is the usual one of a stage.
func (k *kit) hold(stage agentapi.Stage) hold {
	return k.holds[slices.IndexFunc(k.holds, func(h hold) bool { return h.stage == stage })]
}

// last is the latest place where a stage is held.
func (k *kit) last(stage agentapi.Stage) (last hold) {
	for _, h := range k.holds {
		if h.stage == stage {
			last = h
		}
	}
	return last
}

// filled has the source filled otherwise than usual.
func (k *kit) filled(f sandbox.FillOptions) func(*fleet.Options) {
	if k.fill != nil {
		k.fill(&f)
	}
	return func(o *fleet.Options) {
		o.Fill = func(ctx context.Context, s *sandbox.Server) error {
			db := s.Open("")
			defer db.Close()
			err := sandbox.Fill(ctx, db, f)
			for _, statement := range k.prune {
				_, e := db.ExecContext(ctx, statement)
				err = errors.Join(err, e)
			}
			return err
		}
	}
}

// fillBulk gives the source rows enough for a copy that takes a moment.
func (k *kit) fillBulk(bytes int64) func(*fleet.Options) {
	return k.filled(sandbox.FillOptions{Bytes: bytes, Logged: true})
}

// startReplica is the kind's statement.
func (k *kit) startReplica() string {
	if k.kind.Modern() {
		return "START REPLICA"
	}
	return "START SLAVE"
}

// starts is how many stages the agent of a side runs in a seed without retries.
func (k *kit) starts(side agentapi.Side) int {
	if side == agentapi.Target {
		return 4
	}
	if k.sends {
		return 3
	}
	return 2
}
