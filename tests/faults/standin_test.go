package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/sandbox"
)

// standIn is a program in place of the target's dump program: it wraps the real one.
type standIn struct {
	dir string
	gateFile
}

// gateFile is what a waiting program waits for; it says first that it waits.
type gateFile struct{ waits, open string }

func gateIn(dir string) gateFile {
	return gateFile{waits: filepath.Join(dir, "waits"), open: filepath.Join(dir, "open")}
}

// waiting says whether a program waits at the gate.
func (g gateFile) waiting() error {
	_, err := os.Stat(g.waits)
	return err
}

// let opens the gate for good.
func (g gateFile) let() error { return os.WriteFile(g.open, nil, 0o644) }

// The stand-ins. Before each, $real is the real program, $dir a directory of its own, $full the complete dump when "full"
// was called, and "gate" waits until the test opens the gate.
const (
	// heldDump has the real program's output come to a halt in the middle: the program runs and holds its locks.
	heldDump = `"$real" "$@" | (head -c 20000; gate; cat)`
	// cutDump ends with success in the middle.
	cutDump = `full "$@"; head -c $(($(stat -c %s "$full") / 2)) "$full"; exit 0`
	// cutLine lacks nothing but the closing line.
	cutLine = `full "$@"; grep -v '^-- Dump completed' "$full"; exit 0`
	// lateError ends with an error after its last byte.
	lateError = `"$real" "$@" || exit; echo "mariadb-dump: Got error: 2013: Lost connection while saying goodbye" >&2; exit 3`
	// falseSuccess prints success and ends with an error.
	falseSuccess = `"$real" "$@" || exit; echo "dump completed OK, all is well" >&2; exit 1`
	// stillDump never moves.
	stillDump = `gate`
)

// onlyOnce makes a stand-in that does its harm at the first time only.
func onlyOnce(harm string) string {
	return `if [ -e "$dir/done" ]; then exec "$real" "$@"; fi
touch "$dir/done"
` + harm
}

const standInText = `#!/bin/bash
set -o pipefail
real=%s
dir=%s
full=$dir/full.$$
case " $* " in *" --version "*|*" --help "*) exec "$real" "$@";; esac
full() { "$real" "$@" >"$full" || exit; }
gate() {
	touch "$dir/waits"
	while [ ! -e "$dir/open" ]; do sleep 0.05; done
}
echo run >>"$dir/runs"
%s
`

// newStandIn puts a program of that name into dir, which goes first in an agent's PATH.
func newStandIn(t *testing.T, kind sandbox.Kind, dir, program, text string) *standIn {
	t.Helper()
	bin, err := sandbox.Bin(kind)
	if err != nil {
		t.Fatal(err)
	}
	real := filepath.Join(bin, program)
	if _, err := os.Stat(real); err != nil {
		if real, err = exec.LookPath(program); err != nil {
			t.Fatal(err)
		}
	}
	own := filepath.Join(dir, program+".d") // for what it remembers
	if err := os.MkdirAll(own, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := sandbox.WriteProgram(filepath.Join(dir, program), fmt.Sprintf(standInText, real, own, text)); err != nil {
		t.Fatal(err)
	}
	return &standIn{dir: own, gateFile: gateIn(own)}
}

// runs is how often the stand-in was asked for a dump.
func (s *standIn) runs() int {
	text, err := os.ReadFile(filepath.Join(s.dir, "runs"))
	if err != nil {
		return 0
	}
	return strings.Count(string(text), "run")
}
