package mydumper

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/mysqldump"
)

// omitName is the file that names the tables to leave out.
const omitName = "rows.omit"

// rowDump is one run of mydumper.
type rowDump struct {
	c      *carrier
	w      *method.Work
	from   mysqldump.CarrierSource
	tool   *tool
	tables *tables
	dir    string // where the files go
}

// run runs mydumper to its end. On MySQL the agent holds the lock, and returns the position it was taken at.
func (r *rowDump) run(ctx context.Context) (locked *agentapi.Metadata, err error) {
	omit := filepath.Join(r.w.Dir, omitName)
	if err := os.WriteFile(omit, []byte(strings.Join(r.tables.omit, "\n")+"\n"), 0o600); err != nil {
		return nil, noSpace(r.w.Dir, err)
	}
	config, err := r.c.optionFile(r.w.Dir, dumpConfig, r.from.Addr, "init-command=\"SET SESSION sql_mode=''\"\n")
	if err != nil {
		return nil, noSpace(r.w.Dir, err)
	}
	defer func() { err = errors.Join(err, os.Remove(config), os.Remove(omit)) }()
	args := []string{"--defaults-file=" + config, "--outputdir=" + r.dir, "--omit-from-file=" + omit, "--threads=" + strconv.Itoa(r.c.o.Threads),
		"--no-schemas", "--build-empty-files", "--verbose=3", `--regex=^(?!(mysql|sys|information_schema|performance_schema)\.)`}
	compressed := r.c.o.Compress || !plainFits(r.w.Dir, r.from.Bytes)
	if compressed {
		args = append(args, r.tool.compress()...)
	}
	if r.from.Server.Flavour != host.FlavourMySQL {
		return nil, r.start(ctx, append(args, r.c.o.DumpExtra...), nil)
	}
	unlocked, err := r.tool.noLocks()
	if err != nil {
		return nil, err
	}
	connections := threads(r.c.o.Threads, r.c.o.DumpExtra)
	if len(r.from.NonTransactional) > 0 { // their rows are of one moment only while nobody writes
		connections = toTheEnd
	}
	lock, err := lockSource(ctx, r.from, connections)
	if err != nil {
		return nil, err
	}
	defer lock.end()
	return &lock.pos, r.start(ctx, append(append(args, unlocked...), r.c.o.DumpExtra...), lock)
}

// start starts mydumper, gives the lock back as soon as that may be, and waits for the end.
func (r *rowDump) start(ctx context.Context, args []string, lock *readLock) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var st stuck
	each, released := func(line string) { st.saw(line); r.tell(line) }, make(chan error, 1)
	over, ended := context.WithCancel(ctx)
	if lock == nil {
		released <- nil
	} else {
		each = func(line string) { lock.saw(line); st.saw(line); r.tell(line) }
		go func() {
			err := lock.release(over)
			if err != nil {
				cancel(err)
			}
			released <- err
		}()
	}
	stop := watchDump(r.dir, r.from.Bytes, r.w.Run)
	b := &bound{dir: r.dir, limit: r.w.Run.Limit}
	stopBound := every(boundStep, b.look)
	stopSpace := every(often, func() {
		if free(r.w.Dir) < leastSpace { // mydumper 0.10 then waits for ever, without a word
			cancel(nil)
		}
		if st.over(rowBytes(r.dir), time.Now()) {
			cancel(errStuck)
		}
	})
	err := run(ctx, r.w.Run, r.tool.path, args, b.started, each)
	stopSpace()
	stopBound()
	stop()
	ended()
	if lerr := <-released; lerr != nil {
		return lerr
	}
	if err != nil && errors.Is(context.Cause(ctx), errStuck) {
		err = fmt.Errorf("%w (%w)", errStuck, err)
	}
	return r.dumpError(err)
}

// tell passes on what people may want to know; the rest of its words are about every table.
func (r *rowDump) tell(line string) {
	if strings.Contains(line, "WARNING **") || isError(line) {
		r.w.Run.Say(dumpProgram + ": " + line)
	}
}

func (r *rowDump) dumpError(err error) error {
	if err == nil {
		return nil
	}
	if full := noSpace(r.w.Dir, err); strings.Contains(err.Error(), "No space left") || full != err || free(r.w.Dir) < leastSpace {
		return failed(mysqldump.CodeDiskFull, "free space there, or set backup-dir to a larger file system", err, "no space left for the dump in %s", r.w.Dir)
	}
	return failed(mysqldump.CodeDump, "these are mydumper's own words; the end of the source's error log (agent-mysql-error-log) may say more", err, "mydumper failed")
}

func noSpace(dir string, err error) error {
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return err
	}
	return failed(mysqldump.CodeDiskFull, "free space there, or set backup-dir to a larger file system", err, "no space left for the dump in %s", dir)
}

// leastSpace, in bytes: what failed with less free space failed for want of it.
const leastSpace = 1 << 20

// free is the space that is left in dir, in bytes.
func free(dir string) int64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return math.MaxInt64
	}
	return int64(fs.Bavail) * fs.Bsize
}

// plainFits says whether there is room for the rows as they are: compressing them takes longer than anything else here. The
// text of rows may be twice as long as they are in tables.
func plainFits(dir string, bytes int64) bool {
	const spare = 1 << 30
	return free(dir) > 2*bytes+spare
}
