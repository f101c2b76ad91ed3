package sandbox

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// controlScript is the one place where a server process is started and ended: Server's methods run it, and so do agents,
// through the programs start, stop and status, as they would run a service manager's. `start` returns when the server has
// opened its port (its own pid file is written then), `stop` when the process is gone; `status` exits with 0 when it runs
// and 3 when not.
const controlScript = `#!/bin/sh
set -u
PATH=${PATH:-}:/usr/sbin:/usr/bin:/sbin:/bin
dir=%[1]s
option="--defaults-file=$dir/my.cnf"

# state says running, ending (killed, but its files and port are still held) or gone. A zombie is gone.
state() {
	pid=$(cat "$dir/mysqld.pid" 2>/dev/null) && [ -n "$pid" ] && [ -d "/proc/$pid" ] || { echo gone; return; }
	words=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline")
	if printf '%%s\n' "$words" | grep -qxF -e "$option"; then echo running
	elif [ -n "$words" ]; then echo gone
	elif grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null && [ "$(ls "/proc/$pid/task" 2>/dev/null | wc -l)" -le 1 ]; then echo gone
	elif [ -d "/proc/$pid" ]; then echo ending
	else echo gone; fi
}

running() { [ "$(state)" = running ]; }

until_gone() { # seconds
	left=$(($1 * 20))
	until [ "$(state)" = gone ]; do
		[ "$left" -gt 0 ] || { echo "the server's process does not end" >&2; return 1; }
		left=$((left - 1))
		sleep 0.05
	done
}

gone() { # signal, seconds
	if running; then kill "-$1" "$(cat "$dir/mysqld.pid")" 2>/dev/null; fi
	until_gone "$2"
}

start() {
	if running; then return 0; fi
	until_gone 60 || return 1
	rm -f "$dir/server.pid" %[3]s %[3]s.lock
	setsid sh -c 'echo $$ >"$0"; exec "$@"' "$dir/mysqld.pid" env %[2]s "$option" </dev/null >>"$dir/error.log" 2>&1 9>&- &
	child=$!
	left=6000
	until [ -e "$dir/server.pid" ]; do
		kill -0 "$child" 2>/dev/null || { echo "server ended at once; see $dir/error.log" >&2; return 1; }
		[ "$left" -gt 0 ] || { echo "server does not open its port; see $dir/error.log" >&2; return 1; }
		left=$((left - 1))
		sleep 0.05
	done
}

case $1 in
status) running || exit 3 ;;
kill) gone KILL 60 ;;
start) exec 9>"$dir/control.lock"; flock 9; start ;;
stop) exec 9>"$dir/control.lock"; flock 9; gone TERM 300 ;;
*) echo "usage: control start|stop|status|kill" >&2; exit 2 ;;
esac
`

// writeControl writes the control programs.
func (s *Server) writeControl(p program) error {
	var words []string
	for _, word := range append(append([]string(nil), p.env...), p.argv...) {
		words = append(words, shellQuote(word))
	}
	control := filepath.Join(s.Dir, "control")
	text := fmt.Sprintf(controlScript, shellQuote(s.Dir), strings.Join(words, " "), shellQuote(s.Socket))
	if err := WriteProgram(control, text); err != nil {
		return err
	}
	for _, action := range []string{"start", "stop", "status"} {
		text := fmt.Sprintf("#!/bin/sh\nexec %s %s\n", shellQuote(control), action)
		if err := WriteProgram(filepath.Join(s.Dir, action), text); err != nil {
			return err
		}
	}
	return nil
}

// StartCommand is the path of a program that starts the server and returns when it has opened its port; nothing is done
// when it runs already. The server is in a session of its own and survives whoever called the program.
func (s *Server) StartCommand() string { return filepath.Join(s.Dir, "start") }

// StopCommand is the path of a program that shuts the server down and returns when its process is gone.
func (s *Server) StopCommand() string { return filepath.Join(s.Dir, "stop") }

// StatusCommand is the path of a program that exits with 0 when the server's process is there and with 3 when not.
func (s *Server) StatusCommand() string { return filepath.Join(s.Dir, "status") }

func (s *Server) control(ctx context.Context, action string) error {
	out, err := exec.CommandContext(ctx, filepath.Join(s.Dir, "control"), action).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s on %s: %w: %s", action, s.Kind, s.Address(), err, strings.TrimSpace(string(out)))
	}
	return nil
}

func shellQuote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
