package faults

import (
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// The programs of the method Mydumper.
const (
	rowsTool = "mydumper"
	loadTool = "myloader"
)

// The stand-ins of Mydumper's programs.
const (
	// stopsReal is what a stand-in does with the real program $p: it is stopped until the gate is opened, and its end is ours.
	stopsReal = `kill -STOP $p
( gate; kill -CONT $p ) &
wait $p
status=$?
kill $! 2>/dev/null
[ $status != 0 ] || gate
exit $status`
	// heldLocks stops mydumper when it has written the first rows, and holds its locks.
	heldLocks = rowsDirectory + `"$real" "$@" &
p=$!
for _ in {1..400}; do compgen -G "$out/*.sql*" >/dev/null && break; sleep 0.02; done
` + stopsReal
	// heldRows stops it when it has given its locks back.
	heldRows = `"$real" "$@" > >(tee "$dir/said.$$") 2>&1 &
p=$!
for _ in {1..400}; do grep -q 'unlocking tables' "$dir/said.$$" && break; sleep 0.02; done
` + stopsReal
	// heldAfterRows has dumped everything, and does not end.
	heldAfterRows = `"$real" "$@" || exit; gate`
	// heldLoad stops myloader when it begins.
	heldLoad = `"$real" "$@" &
p=$!
while [ "$(readlink /proc/$p/exe)" = "$(readlink /proc/$$/exe)" ]; do :; done
` + stopsReal
	// cutRows ends with success, and the file of a table ends in the middle.
	cutRows = rowsDirectory + `"$real" "$@" || exit; f=$(ls -S "$out"/*.sql* | head -1); truncate -s $(($(stat -c %s "$f") / 2)) "$f"; exit 0`
	// lostRows ends with success, without the file of a table.
	lostRows = rowsDirectory + `"$real" "$@" || exit; rm "$(ls -S "$out"/*.sql* | head -1)"; exit 0`
	// openMetadata ends with success, and its metadata have no end.
	openMetadata = rowsDirectory + `"$real" "$@" || exit; sed -i '/^Finished/d' "$out/metadata"; exit 0`
	// noMetadata ends with success before it has renamed them.
	noMetadata = rowsDirectory + `"$real" "$@" || exit; mv "$out/metadata" "$out/metadata.partial"; exit 0`
	// lateRowsError ends with an error after its last byte.
	lateRowsError = `"$real" "$@" || exit; echo "** (mydumper): lost connection while saying goodbye" >&2; exit 3`
	// falseRows says that it was done, and ends with an error.
	falseRows = `"$real" "$@" || exit; echo "Finished dump, all is well" >&2; exit 1`
	// silentLoad loads nothing and ends with success.
	silentLoad = `exit 0`
	// cutLoad loads all tables but one, and ends with success.
	cutLoad = rowsDirectory + `mkdir "$dir/part.$$"; ln -s "$out"/* "$dir/part.$$"; rm "$dir/part.$$/$(basename "$(ls -S "$out"/*.sql* | head -1)")"
"$real" "${@/#--directory=*/--directory=$dir/part.$$}"; exit 0`
	// lateLoadError loads everything and ends with an error.
	lateLoadError = `"$real" "$@" || exit; echo "** (myloader): lost connection while saying goodbye" >&2; exit 4`

	// rowsDirectory sets $out to where the program's files are.
	rowsDirectory = `for a in "$@"; do case $a in --outputdir=*|--directory=*) out=${a#*=};; esac; done
`
)

// mydumperKit is the method Mydumper, on MariaDB.
func mydumperKit() *kit {
	rows := heldTool(agentapi.Backup, agentapi.Target, rowsTool, heldRows)
	locks := heldTool(agentapi.Backup, agentapi.Target, rowsTool, heldLocks)
	locks.where = "mydumper holds its locks"
	load := heldMydumperLoad()
	return &kit{
		method: agentapi.Mydumper, kind: sandbox.MariaDB, locks: agentapi.Backup,
		prune: []string{"DROP DATABASE `odd ``name``, \"it's\" a.b;-/c`", "ALTER TABLE types.generated DROP COLUMN uid, DROP COLUMN addr"},
		holds: []hold{heldPrepare(), rows, locks, heldMydumperDrop(), load, heldCatchUp(copied), heldCleanup()},
		kills: []killing{
			{what: "mydumper", at: locks, side: agentapi.Target, kill: killing1(agentapi.Target, rowsTool), said: "mydumper failed.*(signal: killed|exit status 137)"},
			{what: "myloader", at: load, side: agentapi.Target, kill: killing1(agentapi.Target, loadTool), said: "myloader failed.*(signal: killed|exit status 137)"},
		},
		serverKills: map[agentapi.Side][]agentapi.Stage{
			agentapi.Source: {agentapi.Backup, agentapi.Restore, agentapi.ConnectSlave},
			agentapi.Target: {agentapi.Backup, agentapi.Restore, agentapi.ConnectSlave},
		},
		lies: []lie{
			{9, "mydumper ends with 0, and the file of a table ends in the middle", agentapi.Backup, agentapi.Target, rowsTool, cutRows, "dump-incomplete", "ended with success, but"},
			{9, "mydumper ends with 0, and the file of a table is not there", agentapi.Backup, agentapi.Target, rowsTool, lostRows, "dump-incomplete", "ended with success, but left no file for"},
			{9, "mydumper ends with 0, and its metadata have no end", agentapi.Backup, agentapi.Target, rowsTool, openMetadata, "dump-incomplete", "."},
			{9, "mydumper ends with 0, and its metadata are only partial", agentapi.Backup, agentapi.Target, rowsTool, noMetadata, "dump-incomplete", "left no metadata"},
			{10, "mydumper ends with an error after its last byte", agentapi.Backup, agentapi.Target, rowsTool, lateRowsError, "dump-failed", "exit status 3"},
			{11, "mydumper says success and ends with an error", agentapi.Backup, agentapi.Target, rowsTool, falseRows, "dump-failed", "exit status 1"},
		},
		still: []lie{
			{18, "mydumper hangs and writes nothing", agentapi.Backup, agentapi.Target, rowsTool, `gate`, "no-progress", "."},
		},
		without: map[int]string{
			15: noOwnLine,
			34: "the data directory is not replaced", 35: "the data directory is not replaced", 38: noPort38,
		},
		telling: mydumperTelling, more: mydumperCases,
	}
}

// heldMydumperDrop holds Restore at its first statement that changes the target.
func heldMydumperDrop() hold {
	return hold{stage: agentapi.Restore, where: "before the old data is dropped", tools: standIns{agentapi.Target: {rowsTool: heldAfterRows}}, after: oldData, until: func(w *world) func() {
		gate := w.standIn(agentapi.Target, rowsTool)
		w.start()
		w.until(gate.waiting)
		unlock := w.locked(w.f.Target.Server, "FLUSH TABLES WITH READ LOCK")
		w.must(gate.let())
		w.waitsFor("DROP DATABASE%")
		return unlock
	}}
}

// heldMydumperLoad holds Restore when the old data is gone, the new tables are made, and myloader has begun.
func heldMydumperLoad() hold {
	h := heldTool(agentapi.Restore, agentapi.Target, loadTool, heldLoad)
	h.where, h.after = "the rows are loaded", emptied
	return h
}

// mydumperTelling is the selection for every change.
func mydumperTelling(c faultCase) bool {
	switch c.fault {
	case 6, 23:
		return strings.HasSuffix(c.where, "loaded") && (c.fault == 6 || c.side == "-")
	case 8:
		return c.what == "kill -9 of mydumper"
	case 9:
		return strings.HasPrefix(c.what, "mydumper ends with 0, and the file of a table ends") && c.end.code == ""
	case 20:
		return strings.Contains(c.what, "third")
	case 22:
		return strings.Contains(c.what, "locked")
	case 36:
		return c.end.code != ""
	}
	return false
}

// mydumperCases are those of myloader, which begins when the old data is gone.
func mydumperCases(*kit) []faultCase {
	lies := []lie{
		{9, "myloader loads nothing and ends with 0", agentapi.Restore, agentapi.Target, loadTool, silentLoad, "load-failed", "but .* has "},
		{9, "myloader leaves a table out and ends with 0", agentapi.Restore, agentapi.Target, loadTool, cutLoad, "load-failed", "but .* has "},
		{10, "myloader ends with an error after its last row", agentapi.Restore, agentapi.Target, loadTool, lateLoadError, "load-failed", "exit status 4"},
	}
	var list []faultCase
	for _, l := range lies {
		every := faultCase{fault: l.fault, what: l.what + ", at every attempt", stage: string(l.stage), side: "target", fleet: oneRetry,
			end: ending{stage: l.stage, code: l.code, text: l.said, data: emptied}, do: func(w *world) {
				w.start()
				w.end()
				w.triedTwice(l)
				w.checkEnd(ending{stage: l.stage, code: l.code, text: l.said})
				w.letGo() // what has come of the new data is removed only then
			}}
		l.standsIn(&every, l.text)
		list = append(list, every)
		once := faultCase{fault: l.fault, what: l.what + ", once", stage: string(l.stage), side: "target", end: completed, do: func(w *world) {
			w.start()
			w.end()
			w.expectSaid(l.said)
			w.triedTwice(l)
		}}
		l.standsIn(&once, onlyOnce(l.text))
		list = append(list, once)
	}
	return list
}
