package estimate

import "github.com/orchestrator-seed/orchestrator-seed/go/agentapi"

const gb = 1e9

// fixed is what a stage takes whatever the size, in seconds: starting tools, stopping and starting MySQL.
var fixed = map[agentapi.Stage]float64{
	agentapi.Prepare: 2, agentapi.Backup: 2, agentapi.Restore: 5, agentapi.ConnectSlave: 2, agentapi.Cleanup: 2,
}

// defaults hold where nothing was learned. Copies: a line of 1 Gbit/s, from a tenth of it to four times as much. Loads: what
// one session, or a few, insert on a disk of today. Their ranges are wide on purpose.
var defaults = map[agentapi.Method]Learned{
	agentapi.Mysqldump: {
		agentapi.Backup:  {Mid: 15, Low: 6, High: 80},
		agentapi.Restore: {Mid: 60, Low: 25, High: 240},
	},
	agentapi.Mydumper: {
		agentapi.Backup:  {Mid: 12, Low: 4, High: 80},
		agentapi.Restore: {Mid: 35, Low: 12, High: 160},
	},
	agentapi.Xtrabackup: {
		agentapi.Backup:  {Mid: 10, Low: 2.5, High: 80},
		agentapi.Restore: {Mid: 2, Low: 0.2, High: 15},
	},
	agentapi.LVM: {
		agentapi.Backup:  {Mid: 10, Low: 2.5, High: 80},
		agentapi.Restore: {Mid: 0.5, Low: 0, High: 5},
	},
	agentapi.ClonePlugin: {
		agentapi.Backup:  {Mid: 10, Low: 2.5, High: 80},
		agentapi.Restore: {Mid: 0.2, Low: 0, High: 2},
	},
}

// catchUp is the default of ConnectSlave: how busy the source is, and how much faster the replica applies, is not known.
var catchUp = Rate{Mid: 0.1, Low: 0, High: 1}

// files are the methods that copy the data directory's own files: as many bytes as the source has on disk, or nearly so.
var files = map[agentapi.Method]bool{agentapi.Xtrabackup: true, agentapi.LVM: true, agentapi.ClonePlugin: true}

// Names of what the stages do, for people.
var names = map[agentapi.Stage]string{
	agentapi.Prepare: "prepare the hosts", agentapi.Backup: "copy", agentapi.ConnectSlave: "catch up", agentapi.Cleanup: "clean up",
}

var restores = map[agentapi.Method]string{
	agentapi.Mysqldump: "load", agentapi.Mydumper: "load", agentapi.Xtrabackup: "decompress, prepare and start",
	agentapi.LVM: "swap and start", agentapi.ClonePlugin: "restart",
}

func nameOf(method agentapi.Method, stage agentapi.Stage) string {
	if n := restores[method]; n != "" && stage == agentapi.Restore {
		return n
	}
	if n := names[stage]; n != "" {
		return n
	}
	return string(stage)
}
