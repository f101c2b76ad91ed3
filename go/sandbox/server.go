package sandbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Server is one database server of ours. Its fields are constant; its methods may be called from many goroutines, but two
// that start or end the process take turns only as far as the caller sees to it.
type Server struct {
	Kind      Kind
	Host      string // a loopback address
	Port      int
	ServerID  uint32
	Dir       string // all of the server's files, absolute; "" and so the paths in it: see Attach
	Datadir   string // Dir/data
	Socket    string
	ErrorLog  string
	Defaults  string // Dir/my.cnf, for tools that want --defaults-file
	AgentUser string // AgentUser, as far as the server takes it
	Passwords Passwords

	anonymous bool // no accounts were made
	timeout   time.Duration

	mu     sync.Mutex
	opened []*sql.DB
	guard  *guard
}

// Start makes a data directory, starts a server on it, makes the accounts and returns when it answers. Dir must be
// empty or not be there. On error nothing of it is left.
func Start(ctx context.Context, opts Options) (*Server, error) {
	p, err := opts.Kind.program()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", opts.Kind, err)
	}
	if err := opts.complete(); err != nil {
		return nil, fmt.Errorf("start %s: %w", opts.Kind, err)
	}
	s := newServer(opts)
	if err := s.claimDir(); err != nil {
		return nil, fmt.Errorf("start %s: %w", opts.Kind, err)
	}
	if err := s.build(ctx, opts, p); err != nil {
		err = fmt.Errorf("start %s on %s: %w\n%s", s.Kind, s.Address(), err, s.LogTail(20))
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func newServer(opts Options) *Server {
	return &Server{
		Kind: opts.Kind, Host: opts.Host, Port: opts.Port, ServerID: opts.ServerID,
		Dir:       opts.Dir,
		Datadir:   filepath.Join(opts.Dir, "data"),
		Socket:    socketPath(opts.Dir),
		ErrorLog:  filepath.Join(opts.Dir, "error.log"),
		Defaults:  filepath.Join(opts.Dir, "my.cnf"),
		AgentUser: opts.Kind.agentUser(),
		Passwords: opts.Passwords,
		anonymous: opts.NoAccounts,
		timeout:   opts.StartTimeout,
	}
}

// socketPath avoids the kernel's limit on a socket's path.
func socketPath(dir string) string {
	if path := filepath.Join(dir, "mysql.sock"); len(path) < 100 {
		return path
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("seed-%d-%d.sock", os.Getpid(), time.Now().UnixNano()))
}

// claimDir refuses a directory that holds anything, because Close removes it.
func (s *Server) claimDir() error {
	entries, err := os.ReadDir(s.Dir)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("directory %s is not empty", s.Dir)
	}
	return err
}

func (s *Server) build(ctx context.Context, opts Options, p program) error {
	if err := os.MkdirAll(filepath.Join(s.Dir, "tmp"), 0o700); err != nil {
		return err
	}
	if err := s.copyData(ctx, opts.Data, p); err != nil {
		return err
	}
	config := "[mysqld]\n" + strings.Join(opts.config(p, s), "\n") + "\n"
	if err := os.WriteFile(s.Defaults, []byte(config), 0o600); err != nil {
		return err
	}
	if err := s.writeControl(p); err != nil {
		return err
	}
	if !opts.Detached {
		g, err := newGuard(s.Dir)
		if err != nil {
			return err
		}
		s.guard = g
	}
	if opts.NoAccounts || opts.Data != "" {
		return s.Restart(ctx)
	}
	return s.firstStart(ctx, opts.Passwords)
}

func (s *Server) copyData(ctx context.Context, from string, p program) (err error) {
	if from == "" {
		if from, err = template(ctx, s.Kind, p); err != nil {
			return err
		}
	}
	if err := copyTree(ctx, from, s.Datadir); err != nil {
		return err
	}
	return s.newUUID()
}

// newUUID gives a MySQL server an identity of its own: not that of the directory it was copied from, and not one that the
// server makes of the time, which two that are started at once have in common.
func (s *Server) newUUID() error {
	if !s.Kind.IsMySQL() {
		return nil
	}
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	uuid := fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	return os.WriteFile(filepath.Join(s.Datadir, "auto.cnf"), []byte("[auto]\nserver-uuid="+uuid+"\n"), 0o640)
}

func (s *Server) firstStart(ctx context.Context, passwords Passwords) error {
	if err := s.control(ctx, "start"); err != nil {
		return err
	}
	root := s.rootOverSocket()
	defer root.Close()
	if err := s.answers(ctx, root); err != nil {
		return err
	}
	return createAccounts(ctx, root, s.Kind, passwords, onlyRoot(s.Kind))
}

// Restart starts the server if it is down, also after Stop or Kill, and returns when it answers.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.control(ctx, "start"); err != nil {
		return err
	}
	db := s.open(s.config(AdminUser, ""))
	defer db.Close()
	return s.answers(ctx, db)
}

func (s *Server) answers(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return poll(ctx, 20*time.Millisecond, func() error {
		err := db.PingContext(ctx)
		if err != nil && s.Pid() == 0 {
			return final{fmt.Errorf("server ended: %w", err)}
		}
		return err
	})
}

// Stop shuts the server down in order; it is no error when it is down already.
func (s *Server) Stop(ctx context.Context) error { return s.control(ctx, "stop") }

// Kill ends the server's process with SIGKILL and returns when it is gone; no error when it is gone already.
func (s *Server) Kill() error { return s.control(context.Background(), "kill") }

// Close kills the server, closes what Open returned and removes Dir. It may be called again.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, db := range s.opened {
		_ = db.Close()
	}
	s.opened = nil
	if s.Dir == "" { // attached
		return nil
	}
	var err error
	if _, statErr := os.Stat(filepath.Join(s.Dir, "control")); statErr == nil {
		err = s.Kill()
	}
	s.guard.dismiss()
	if err != nil {
		return err
	}
	_ = os.Remove(s.Socket)
	return os.RemoveAll(s.Dir)
}

// Pid is the process id of the running server, 0 when it does not run.
func (s *Server) Pid() int {
	text, err := os.ReadFile(filepath.Join(s.Dir, "mysqld.pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || !bytes.Contains(line, []byte("--defaults-file="+s.Defaults+"\x00")) {
		return 0
	}
	return pid
}

// Address is host:port.
func (s *Server) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// LogTail is the last n lines of the error log, "" when there is none.
func (s *Server) LogTail(n int) string {
	text, err := os.ReadFile(s.ErrorLog)
	if err != nil {
		return ""
	}
	return tail(string(text), n)
}

// RootDSN is what go-sql-driver/mysql connects with as the account that may do everything.
func (s *Server) RootDSN() string { return s.DSN(AdminUser, "") }

// DSN is the same for one of the accounts that Start made, with a default database ("" for none).
func (s *Server) DSN(user, database string) string { return s.config(user, database).FormatDSN() }

// Open returns a pool of connections as the account that may do everything. Close closes it; so may the caller.
func (s *Server) Open(database string) *sql.DB {
	db := s.open(s.config(AdminUser, database))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = append(s.opened, db)
	return db
}

func (s *Server) password(user string) string {
	switch user {
	case TopologyUser:
		return s.Passwords.Topology
	case AgentUser, s.AgentUser:
		return s.Passwords.Agent
	case ReplicationUser:
		return s.Passwords.Replication
	}
	return s.Passwords.Admin
}

func (s *Server) config(user, database string) *mysql.Config {
	c := mysql.NewConfig()
	if user == AgentUser {
		user = s.AgentUser
	}
	c.Net, c.Addr, c.User, c.Passwd = "tcp", s.Address(), user, s.password(user)
	if s.anonymous {
		c.Net, c.Addr, c.User, c.Passwd = "unix", s.Socket, "root", ""
	}
	c.DBName = database
	c.InterpolateParams = true
	c.MaxAllowedPacket = 0 // ask the server
	c.Timeout = 10 * time.Second
	c.Logger = &mysql.NopLogger{} // connections that break are expected here; callers see the errors
	return c
}

func (s *Server) rootOverSocket() *sql.DB {
	c := s.config("root", "")
	c.Net, c.Addr, c.Passwd = "unix", s.Socket, ""
	return s.open(c)
}

func (s *Server) open(c *mysql.Config) *sql.DB {
	connector, err := mysql.NewConnector(c)
	if err != nil {
		panic(fmt.Sprintf("sandbox made a wrong driver configuration: %v", err)) // a bug here, not the caller's
	}
	return sql.OpenDB(connector)
}
