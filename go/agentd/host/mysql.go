package host

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Address is where a MySQL server is reached: a Unix socket when Socket is set, else Host and Port by TCP.
type Address struct {
	Host   string // name or IP address; IPv6 without brackets
	Port   int
	Socket string // path
}

// String is host:port, or the socket's path.
func (a Address) String() string {
	if a.Socket != "" {
		return a.Socket
	}
	return net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
}

// MySQLOptions are the account and the place of this host's server.
type MySQLOptions struct {
	User     string
	Password string
	Host     string // default 127.0.0.1
	Port     int    // default 3306
	Socket   string // when set, the local server is reached through it
	// ConnectTimeout bounds one attempt to connect; default 5 s.
	ConnectTimeout time.Duration
}

// MySQL opens connections with the agent's account, to this host's server and to others. It holds no connection itself and
// may be used from many goroutines. It never prints its password.
type MySQL struct{ o MySQLOptions }

// NewMySQL makes a MySQL of these options; nothing is connected.
func NewMySQL(o MySQLOptions) *MySQL {
	o.Host = cmp.Or(o.Host, "127.0.0.1")
	o.Port = cmp.Or(o.Port, 3306)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 5*time.Second)
	return &MySQL{o: o}
}

// String and LogValue name account and place without the password.
func (m *MySQL) String() string { return m.o.User + "@" + m.Local().String() }

// LogValue implements slog.LogValuer.
func (m *MySQL) LogValue() slog.Value { return slog.StringValue(m.String()) }

// GoString keeps %#v from printing the password.
func (m *MySQL) GoString() string { return m.String() }

// Local is where this host's server is reached.
func (m *MySQL) Local() Address {
	return Address{Host: m.o.Host, Port: m.o.Port, Socket: m.o.Socket}
}

// User is the agent's account, without host.
func (m *MySQL) User() string { return m.o.User }

// Open connects to addr with the agent's account. TLS is used when the server has it. The pool is tested with one ping
// before it is returned; the caller closes it. A pool is not bound to ctx.
func (m *MySQL) Open(ctx context.Context, addr Address) (*sql.DB, error) {
	return m.OpenAs(ctx, addr, m.o.User, m.o.Password)
}

// OpenAs is Open with another account.
func (m *MySQL) OpenAs(ctx context.Context, addr Address, user, password string) (*sql.DB, error) {
	c := mysql.NewConfig()
	c.User, c.Passwd = user, password
	c.Net, c.Addr = "tcp", addr.String()
	c.TLSConfig = "preferred"
	if addr.Socket != "" {
		c.Net, c.TLSConfig = "unix", ""
	}
	c.Timeout = m.o.ConnectTimeout
	c.ParseTime = true
	c.Loc = time.UTC
	c.AllowNativePasswords = true
	c.MaxAllowedPacket = 1 << 30 // the server has its own bound; a row of a dump may be this long
	if err := c.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return nil, fmt.Errorf("connect to MySQL at %s: %w", addr, err)
	}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, fmt.Errorf("connect to MySQL at %s: %w", addr, err)
	}
	db := sql.OpenDB(connector)
	db.SetConnMaxIdleTime(time.Minute)
	ping, cancel := context.WithTimeout(ctx, m.o.ConnectTimeout)
	defer cancel()
	if err := db.PingContext(ping); err != nil {
		db.Close()
		return nil, fmt.Errorf("connect to MySQL at %s as %s: %w", addr, user, err)
	}
	return db, nil
}

// Flavour is who made a server: statements and tools differ.
type Flavour string

// The flavours.
const (
	FlavourMySQL   Flavour = "MySQL"
	FlavourMariaDB Flavour = "MariaDB"
)

// Server is what a server says of itself.
type Server struct {
	Flavour Flavour
	Version string // as SELECT VERSION() gives it
	Major   int
	Minor   int
	Patch   int
}

// AtLeast compares the server's version number, without regard to the flavour.
func (s Server) AtLeast(major, minor, patch int) bool {
	return cmp.Or(cmp.Compare(s.Major, major), cmp.Compare(s.Minor, minor), cmp.Compare(s.Patch, patch)) >= 0
}

// Server asks an open connection for flavour and version.
func (m *MySQL) Server(ctx context.Context, db *sql.DB) (Server, error) {
	var version string
	if err := db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return Server{}, fmt.Errorf("read server version: %w", err)
	}
	return ParseServer(version)
}

var versionNumber = regexp.MustCompile(`(\d+)\.(\d+)(?:\.(\d+))?`)

// ParseServer reads the text of SELECT VERSION(), e.g. "10.11.19-MariaDB-log", "8.0.36", "5.5.5-10.4.2-MariaDB".
func ParseServer(version string) (Server, error) {
	s := Server{Flavour: FlavourMySQL, Version: version}
	number := version
	if strings.Contains(strings.ToLower(version), "mariadb") {
		s.Flavour = FlavourMariaDB
		number = strings.TrimPrefix(number, "5.5.5-") // what old MariaDB tells replicas of MySQL
	}
	p := versionNumber.FindStringSubmatch(number)
	if p == nil {
		return Server{}, fmt.Errorf("server version %q has no number", version)
	}
	s.Major, _ = strconv.Atoi(p[1])
	s.Minor, _ = strconv.Atoi(p[2])
	s.Patch, _ = strconv.Atoi(p[3])
	return s, nil
}
