package mydumper

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

// loading is how far myloader has come: files that a thread of its has left behind count whole, the one it is at as far as it
// has been read.
type loading struct {
	run   method.Runner
	dir   string
	total int64
	files map[string]file   // by name
	parts map[string]string // names of files, by table and number of the part

	mu   sync.Mutex
	pid  int
	now  map[string]string // file by thread
	done int64
	most int64
}

func newLoading(run method.Runner, dir string, p *proof) *loading {
	l := &loading{run: run, dir: dir, total: p.bytes(), files: map[string]file{}, parts: map[string]string{}, now: map[string]string{}}
	for _, f := range p.Files {
		l.files[f.Name] = f
		if table := p.table(f); table != "" {
			l.parts[part(table, f.part())] = f.Name
		}
	}
	return l
}

func part(table string, n int) string { return table + " part " + strconv.Itoa(n) }

func (l *loading) started(pid int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pid = pid
}

// restoring is a thread's word when it begins a file; later versions name that.
var restoring = regexp.MustCompile("Thread (\\d+):? restoring `(.*?)`\\.`(.*?)` part (\\d+)(?:.*? from (\\S+))?")

// line is told every line of myloader's.
func (l *loading) line(line string) {
	m := restoring.FindStringSubmatch(line)
	if m == nil {
		if strings.Contains(line, "WARNING **") || isError(line) {
			l.run.Say(loadProgram + ": " + line)
		}
		return
	}
	n, err := strconv.Atoi(m[4])
	if err != nil {
		return
	}
	table := m[2] + "." + m[3]
	name := filepath.Base(m[5])
	if _, known := l.files[name]; !known {
		name = l.parts[part(table, n)]
	}
	l.mu.Lock()
	l.done += l.files[l.now[m[1]]].Size
	l.now[m[1]] = name
	l.mu.Unlock()
	l.say("loading " + table + " with " + loadProgram)
}

// tell reports the bytes read so far.
func (l *loading) tell() { l.say("loading rows with " + loadProgram) }

func (l *loading) say(what string) {
	l.mu.Lock()
	n := l.done
	at := readPositions(l.pid, l.dir)
	for _, name := range l.now {
		n += min(at[name], l.files[name].Size)
	}
	l.most = min(max(l.most, n), l.total)
	n = l.most
	l.mu.Unlock()
	l.run.Progress(n, l.total, what)
}

// readPositions is how far a process has read its open files of a directory, by name.
func readPositions(pid int, dir string) map[string]int64 {
	at := map[string]int64{}
	if pid == 0 {
		return at
	}
	proc := "/proc/" + strconv.Itoa(pid)
	open, _ := os.ReadDir(proc + "/fd") // it may have ended
	for _, fd := range open {
		path, err := os.Readlink(proc + "/fd/" + fd.Name())
		if err != nil || filepath.Dir(path) != dir {
			continue
		}
		text, err := os.ReadFile(proc + "/fdinfo/" + fd.Name())
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if value, found := strings.CutPrefix(line, "pos:"); found {
				if n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err == nil {
					at[filepath.Base(path)] = n
				}
			}
		}
	}
	return at
}
