package faults

import (
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// The programs of the method Xtrabackup on MariaDB.
const (
	backupTool = "mariadb-backup"
	unpackTool = "mbstream"
)

// The stand-ins of Xtrabackup's tools.
const (
	// heldCopy has the backup tool's output come to a halt in the middle: the tool runs and holds its locks.
	heldCopy = `"$real" "$@" | (head -c 300000; gate; cat)`
	// heldPrepareTool waits before the log is applied.
	heldPrepareTool = `gate; exec "$real" "$@"`
	// frozenPrepareTool runs it, and stops it as soon as it has begun: it is there to be killed.
	frozenPrepareTool = `if [ -e "$dir/open" ]; then exec "$real" "$@"; fi
"$real" "$@" & p=$!
while [ "$(readlink /proc/$p/exe)" = "$(readlink /proc/$$/exe)" ]; do :; done
kill -STOP $p; touch "$dir/waits"; wait $p`
	// cutCopy ends with success in the middle.
	cutCopy = `full "$@" 2>"$full.err"; cat "$full.err" >&2; head -c $(($(stat -c %s "$full") / 2)) "$full"; exit 0`
	// lateCopyError ends with an error after its last byte.
	lateCopyError = `"$real" "$@" || exit; echo "[00] FATAL ERROR: failed to close the stream" >&2; exit 3`
	// silentCopy ends with success, without its own word for it.
	silentCopy = `"$real" "$@" 2>/dev/null; exit 0`
	// cutUnpack takes all, unpacks half of it, and ends with success.
	cutUnpack = `cat >"$full"; head -c $(($(stat -c %s "$full") / 2)) "$full" | "$real" "$@" 2>/dev/null; exit 0`
	// earlyUnpack ends with success before everything has come.
	earlyUnpack = `head -c 400000 >/dev/null; exit 0`
	// lateUnpackError unpacks everything and ends with an error.
	lateUnpackError = `"$real" "$@" || exit; echo "mbstream: cannot close the last file" >&2; exit 4`
	// falsePrepare says that it was done, and ends with an error.
	falsePrepare = `"$real" "$@" || exit; echo "completed OK!" >&2; exit 1`
	// silentPrepare does nothing and ends with success.
	silentPrepare = `exit 0`
)

// xtrabackupKit is the method Xtrabackup, with mariabackup.
func xtrabackupKit() *kit {
	backup := heldTool(agentapi.Backup, agentapi.Source, backupTool, heldCopy)
	restore := heldTool(agentapi.Restore, agentapi.Target, backupTool, heldPrepareTool)
	applying := heldTool(agentapi.Restore, agentapi.Target, backupTool, frozenPrepareTool)
	return &kit{
		method: agentapi.Xtrabackup, kind: sandbox.MariaDB, physical: true, sends: true, line: true, locks: agentapi.Backup, late: true,
		startCode: "mysql-start-failed", ignoreLost: []string{"ignore_db_dirs=lost+found"},
		holds: []hold{heldPrepare(), backup, restore, heldStart(), heldCatchUp(oldData), heldCleanup()},
		kills: []killing{
			{what: "the backup tool", at: backup, side: agentapi.Source, kill: killing1(agentapi.Source, backupTool), said: "Backup on .*failed", hidden: true},
			{what: "the unpacking program", at: backup, side: agentapi.Target, kill: killing1(agentapi.Target, unpackTool), said: "mbstream failed.*signal: killed"},
			{what: "the tool that applies the log", at: applying, side: agentapi.Target, kill: killing1(agentapi.Target, backupTool), said: "--prepare failed.*(signal: killed|exit status 137)"},
		},
		serverKills: map[agentapi.Side][]agentapi.Stage{
			agentapi.Source: {agentapi.Backup, agentapi.Restore, agentapi.ConnectSlave},
			agentapi.Target: {agentapi.Backup, agentapi.Restore, agentapi.ConnectSlave},
		},
		lies: []lie{
			{9, "the backup tool ends with 0 in the middle of its output", agentapi.Backup, agentapi.Source, backupTool, cutCopy, "unpack-failed", "mbstream failed|the copy is not complete"},
			{9, "the backup tool ends with 0, without its word for success", agentapi.Backup, agentapi.Source, backupTool, silentCopy, "backup-incomplete", "without saying that it was complete"},
			{9, "the unpacking program takes everything, unpacks half of it and ends with 0", agentapi.Backup, agentapi.Target, unpackTool, cutUnpack, "backup-incomplete", "the copy is not complete"},
			{9, "the unpacking program ends with 0 before everything has come", agentapi.Backup, agentapi.Target, unpackTool, earlyUnpack, "unpack-failed", "ended with success before everything had come"},
			{9, "the tool that applies the log does nothing and ends with 0", agentapi.Restore, agentapi.Target, backupTool, silentPrepare, "prepare-failed", "without saying that it was complete"},
			{10, "the backup tool ends with an error after its last byte", agentapi.Backup, agentapi.Source, backupTool, lateCopyError, "backup-failed", "exit status 3"},
			{10, "the unpacking program ends with an error after its last byte", agentapi.Backup, agentapi.Target, unpackTool, lateUnpackError, "unpack-failed", "exit status 4"},
			{11, "the tool that applies the log says success and ends with an error", agentapi.Restore, agentapi.Target, backupTool, falsePrepare, "prepare-failed", "exit status 1"},
		},
		telling: xtrabackupTelling,
		still: []lie{
			{18, "the backup tool hangs and writes nothing", agentapi.Backup, agentapi.Source, backupTool, stillDump, "", ""},
			{18, "the backup tool hangs in the middle", agentapi.Backup, agentapi.Source, backupTool, heldCopy, "", ""},
			{18, "the unpacking program takes nothing", agentapi.Backup, agentapi.Target, unpackTool, stillDump, "", ""},
			{18, "the tool that applies the log hangs", agentapi.Restore, agentapi.Target, backupTool, stillDump, "", ""},
		},
	}
}

// killing1 is kill -9 of one program of a side.
func killing1(side agentapi.Side, exe string) func(w *world) {
	return func(w *world) { w.killTool(side, exe) }
}

// xtrabackupTelling is the selection for every change.
func xtrabackupTelling(c faultCase) bool {
	killed := c.what == "kill -9 of the agent while the stage runs, then started again"
	always, place := c.end.code != "", c.stage+c.where
	swapped := place == "Restore"+heldStart().where
	switch c.fault {
	case 5:
		return killed && place == "Backup"
	case 6:
		return killed && (place == "Backup" || swapped)
	case 7:
		return swapped && c.side == "target"
	case 8:
		return place == "Backup" && c.what != "kill -9 of mysqld, then started again"
	case 9, 11:
		return always && (c.tools[agentapi.Target][unpackTool] == cutUnpack || c.tools[agentapi.Target][backupTool] == falsePrepare)
	case 12, 15:
		return !strings.Contains(c.what, "again and again")
	case 16:
		return place == "Restore"
	case 17:
		return place == "Prepare"
	case 21, 26:
		return true
	case 23:
		return c.side == "-" && (place == "Backup" || swapped)
	case 29:
		return always
	case 34:
		return always && strings.Contains(c.what, "lost+found")
	case 35:
		return !always
	}
	return false
}
