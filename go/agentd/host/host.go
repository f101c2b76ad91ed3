package host

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Options of a Host. MySQL and BackupDir are needed.
type Options struct {
	MySQL           *MySQL
	BackupDir       string
	StateDir        string // where service commands are noted while they run; "": they are not
	Sudo            Sudo
	StatusCommand   []string // MySQL's service commands; none configured: the verb is refused
	StartCommand    []string
	StopCommand     []string
	CustomCommands  map[string][]string
	PostSeedCommand []string
	CommandLimit    time.Duration // of a custom command; default 5 min
	StartWait       time.Duration // how long MySQL may take to answer after its start command; default 5 min
	Tools           []string      // programs whose versions are facts
	LVM             LVMOptions
	Logger          *slog.Logger
	// Noted tells the data directory of a server that does not run, and what else is known of it; nil, or "" and nil: nothing.
	Noted func() (dataDir string, note *agentapi.MySQLNote)
	// DataWait bounds how long Data waits for a fact that was never found out yet; default 3 s.
	DataWait time.Duration
}

// Host is this machine. Its methods may be called from many goroutines.
type Host struct {
	o     Options
	mysql *MySQL
	log   *slog.Logger
	life  context.Context // looks beside the callers end with it
	end   context.CancelFunc

	mu  sync.Mutex
	own []string // notes of the service commands that this agent has begun

	facts     cached[mysqlFacts]
	databases cached[map[string]agentapi.Database]
	dataUsed  cached[int64]
	backups   cached[int64]
	tools     cached[map[string]string]
	logical   cached[[]agentapi.LogicalVolume]
}

// New makes a Host; nothing is looked at yet. The caller ends it with Close.
func New(o Options) *Host {
	o.CommandLimit = cmp.Or(o.CommandLimit, 5*time.Minute)
	o.StartWait = cmp.Or(o.StartWait, 5*time.Minute)
	o.DataWait = cmp.Or(o.DataWait, 3*time.Second)
	h := &Host{o: o, mysql: o.MySQL, log: cmp.Or(o.Logger, slog.Default())}
	h.life, h.end = context.WithCancel(context.Background())
	h.facts = cached[mysqlFacts]{find: h.findFacts, fresh: 5 * time.Second, limit: 10 * time.Second, patient: true}
	h.databases = cached[map[string]agentapi.Database]{find: h.findDatabases, fresh: 5 * time.Second, limit: 2 * time.Minute, patient: true}
	h.dataUsed = cached[int64]{find: h.findDataUsed, fresh: 30 * time.Second, limit: 10 * time.Minute}
	h.backups = cached[int64]{find: func(ctx context.Context) (int64, error) { return diskUsed(ctx, o.BackupDir) }, fresh: 10 * time.Second, limit: 10 * time.Minute}
	h.logical = cached[[]agentapi.LogicalVolume]{find: h.volumes, fresh: 5 * time.Second, limit: lvmLimit, patient: true}
	h.tools = cached[map[string]string]{find: h.findTools, fresh: 5 * time.Minute, limit: time.Minute}
	return h
}

// Close ends looks that are under way.
func (h *Host) Close() { h.end() }

// MySQL opens connections with the agent's account.
func (h *Host) MySQL() *MySQL { return h.mysql }

// ForgetMySQL makes the next Data look anew at MySQL's facts and sizes, e.g. after a restore.
func (h *Host) ForgetMySQL() {
	h.facts.forget()
	h.databases.forget()
	h.dataUsed.forget()
}

// Data is everything but methods and abilities, which others know. A fact that cannot be had is zero; MySQLError says why
// MySQL's are. It does not wait for walks and queries longer than DataWait in all.
func (h *Host) Data(ctx context.Context) agentapi.Data {
	ctx, cancel := context.WithTimeout(ctx, h.o.DataWait)
	defer cancel()
	d := agentapi.Data{
		BackupDir: h.o.BackupDir, MySQLDatabases: map[string]agentapi.Database{}, AgentCommands: h.CustomCommands(),
		AvailiableSeedMethods: map[agentapi.Method]agentapi.MethodOffer{}, NumCPU: runtime.NumCPU(), OsName: osName(),
		MySQLUser: h.mysql.User(), Clock: time.Now(),
	}
	var errs [3]error
	d.MemTotal, errs[0] = memTotal()
	d.BackupDirDiskFree, errs[1] = diskFree(h.o.BackupDir)
	d.BackupDirDiskUsed, errs[2] = h.backups.get(h.life, ctx)
	if err := errors.Join(errs[:]...); err != nil {
		h.log.Warn("facts of the host are missing", "error", err)
	}
	h.mysqlData(ctx, &d)
	h.lvmData(ctx, &d)
	d.ToolVersions, _ = h.tools.get(h.life, ctx)
	return d
}

func (h *Host) mysqlData(ctx context.Context, d *agentapi.Data) {
	facts, err := h.facts.get(h.life, ctx)
	d.MySQLRunning = err == nil || h.MySQLRunning(ctx)
	d.MySQLDatadir, d.MySQLVersion = facts.datadir, facts.server.Version
	if err == nil {
		var found map[string]agentapi.Database
		if found, err = h.databases.get(h.life, ctx); found != nil {
			d.MySQLDatabases = found
		}
	}
	if err != nil {
		d.MySQLError = err.Error()
	}
	if !d.MySQLRunning {
		facts.datadir = h.noteDown(facts.datadir, d)
	}
	if facts.datadir == "" {
		return
	}
	free, ferr := diskFree(facts.datadir)
	used, uerr := h.dataUsed.get(h.life, ctx)
	d.MySQLDatadirDiskFree, d.MySQLDatadirDiskUsed = free, used
	if err := errors.Join(ferr, uerr); err != nil && d.MySQLError == "" {
		d.MySQLError = err.Error()
	}
}

// noteDown tells what was noted of a server that is down, and gives its data directory.
func (h *Host) noteDown(seen string, d *agentapi.Data) (dataDir string) {
	dataDir, d.MySQLNoted = h.noted()
	dataDir = cmp.Or(seen, dataDir)
	d.MySQLDatadir = dataDir
	if d.MySQLNoted != nil {
		d.MySQLVersion = cmp.Or(d.MySQLVersion, d.MySQLNoted.Version)
	}
	return dataDir
}

func (h *Host) noted() (dataDir string, note *agentapi.MySQLNote) {
	if h.o.Noted == nil {
		return "", nil
	}
	return h.o.Noted()
}

func (h *Host) findFacts(ctx context.Context) (mysqlFacts, error) {
	db, err := h.mysql.Open(ctx, h.mysql.Local())
	if err != nil {
		return mysqlFacts{}, err
	}
	defer db.Close()
	return h.mysql.facts(ctx, db)
}

func (h *Host) findDatabases(ctx context.Context) (map[string]agentapi.Database, error) {
	db, err := h.mysql.Open(ctx, h.mysql.Local())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return databases(ctx, db)
}

func (h *Host) findDataUsed(ctx context.Context) (int64, error) {
	facts, _ := h.facts.get(h.life, ctx)
	dataDir := facts.datadir
	if dataDir == "" {
		dataDir, _ = h.noted()
	}
	if dataDir == "" {
		return 0, errors.New("the data directory is not known")
	}
	return diskUsed(ctx, dataDir)
}

// listening says whether the server's port or socket takes connections.
func (m *MySQL) listening(ctx context.Context) bool {
	network, addr := "tcp", m.Local()
	if addr.Socket != "" {
		network = "unix"
	}
	d := net.Dialer{Timeout: 2 * time.Second}
	c, err := d.DialContext(ctx, network, addr.String())
	if err != nil {
		return false
	}
	c.Close()
	return true
}
