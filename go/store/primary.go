package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	primaryWatch    = time.Second     // between two looks at the primary
	primaryAnswer   = 2 * time.Second // longest wait for one server's answer
	primaryPatience = 5 * time.Second // how long a connection waits for a primary to be there
	primaryPause    = 200 * time.Millisecond

	// The old names of states and variables are those that MySQL 5.7 to 9 and MariaDB all know; read_only is on wherever
	// super_read_only is.
	selectReadOnly = `SELECT CAST(@@GLOBAL.read_only AS CHAR)`
	selectMembers  = `SELECT MEMBER_ID = @@GLOBAL.server_uuid, MEMBER_STATE FROM performance_schema.replication_group_members`
)

// primaries connects to that one of several servers which takes writes. A connection is only ever made to a server that has
// been found to be the only one; when another takes its place, connections to it are cut, so that nothing waits for an answer
// that does not come. Two that take writes at the same time are refused: no lock would hold on both.
type primaries struct {
	members []*member
	log     *slog.Logger

	search sync.Mutex // one search at a time

	mu      sync.Mutex
	current *member // nil: to be found

	end  context.CancelFunc
	done chan struct{}
}

var _ driver.Connector = (*primaries)(nil)

// member is one of the servers.
type member struct {
	addr    string
	connect driver.Connector
	probe   *sql.DB // one connection, for looking

	mu    sync.Mutex
	conns map[*trackedConn]struct{} // of connect
}

// addresses reads a host, or a list of them, each with or without a port.
func addresses(hosts string, port int) ([]string, error) {
	var all []string
	for entry := range strings.SplitSeq(hosts, ",") {
		entry = strings.TrimSpace(entry)
		host, number, err := net.SplitHostPort(entry)
		if err != nil || net.ParseIP(entry) != nil { // a name or an address alone; IPv6 has colons of its own
			host, number = strings.Trim(entry, "[]"), strconv.Itoa(port)
		}
		if n, err := strconv.Atoi(number); host == "" || err != nil || n < 1 || n > 65535 {
			return nil, fmt.Errorf("MySQLOrchestratorHost: %q is not a host, nor host:port", entry)
		}
		all = append(all, net.JoinHostPort(host, number))
	}
	return all, nil
}

func newPrimaries(cfg *mysql.Config, addrs []string, log *slog.Logger) (*primaries, error) {
	p := &primaries{log: log, done: make(chan struct{})}
	for _, addr := range addrs {
		m := &member{addr: addr, conns: map[*trackedConn]struct{}{}}
		own, probing := cfg.Clone(), cfg.Clone()
		own.Addr, own.DialFunc = addr, m.dial
		probing.Addr, probing.Timeout, probing.ReadTimeout = addr, primaryAnswer, primaryAnswer
		probing.DBName = "" // a server without the database is no primary, and should not be told as one that can't be reached
		var err error
		if m.connect, err = mysql.NewConnector(own); err != nil {
			return nil, err
		}
		look, err := mysql.NewConnector(probing)
		if err != nil {
			return nil, err
		}
		m.probe = sql.OpenDB(look)
		m.probe.SetMaxOpenConns(1)
		p.members = append(p.members, m)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.end = cancel
	go p.watch(ctx)
	return p, nil
}

// close ends the watch and the connections for looking.
func (p *primaries) close() error {
	p.end()
	<-p.done
	var errs []error
	for _, m := range p.members {
		errs = append(errs, m.probe.Close())
	}
	return errors.Join(errs...)
}

// Driver implements driver.Connector.
func (p *primaries) Driver() driver.Driver { return mysql.MySQLDriver{} }

// Connect implements driver.Connector: a connection to the primary. It waits a few seconds for one to be there.
func (p *primaries) Connect(ctx context.Context) (driver.Conn, error) {
	patience, cancel := context.WithTimeout(ctx, primaryPatience)
	defer cancel()
	var why error
	for {
		m, err := p.primary(patience)
		if err == nil {
			var conn driver.Conn
			if conn, err = m.connect.Connect(ctx); err == nil {
				return conn, nil
			}
			p.doubt(m)
		}
		if refusal := (*mysql.MySQLError)(nil); errors.As(err, &refusal) && isDenied(refusal.Number) {
			return nil, err
		}
		why = reason(why, err)
		select {
		case <-patience.Done():
			return nil, why
		case <-time.After(primaryPause):
		}
	}
}

// reason is the newer error, unless all that it says is that the time was over.
func reason(older, newer error) error {
	if older != nil && (errors.Is(newer, context.DeadlineExceeded) || errors.Is(newer, context.Canceled)) {
		return older
	}
	return newer
}

// primary returns the server that takes writes, from memory or by asking all.
func (p *primaries) primary(ctx context.Context) (*member, error) {
	if m := p.known(); m != nil {
		return m, nil
	}
	p.search.Lock()
	defer p.search.Unlock()
	if m := p.known(); m != nil {
		return m, nil
	}
	m, err := p.find(ctx)
	if err != nil {
		return nil, err
	}
	p.choose(m)
	return m, nil
}

func (p *primaries) known() *member {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current
}

// doubt has the next caller ask again who the primary is.
func (p *primaries) doubt(m *member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == m {
		p.current = nil
	}
}

func (p *primaries) choose(m *member) {
	p.mu.Lock()
	p.current = m
	p.mu.Unlock()
	p.log.Info("backend's primary", slog.String("server", m.addr))
	for _, other := range p.members {
		if other != m {
			other.cut()
		}
	}
}

// find asks all servers at once.
func (p *primaries) find(ctx context.Context) (*member, error) {
	errs := make([]error, len(p.members))
	var wg sync.WaitGroup
	for i, m := range p.members {
		wg.Go(func() { errs[i] = m.takesWrites(ctx) })
	}
	wg.Wait()
	var found []*member
	var names []string
	for i, m := range p.members {
		if errs[i] == nil {
			found, names = append(found, m), append(names, m.addr)
		} else {
			errs[i] = fmt.Errorf("%s: %w", m.addr, errs[i])
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("no server of the backend takes writes: %w", errors.Join(errs...))
	}
	return nil, fmt.Errorf("several servers of the backend take writes (%s): let one of them, and set read_only on the others",
		strings.Join(names, ", "))
}

// watch sees when the primary has changed, also while every connection waits for one that has stopped.
func (p *primaries) watch(ctx context.Context) {
	defer close(p.done)
	tick := time.NewTicker(primaryWatch)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		m := p.known()
		if m == nil {
			continue // whoever wants to connect asks
		}
		err := m.takesWrites(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		p.log.Warn("backend's primary", slog.String("server", m.addr), slog.Any("error", err))
		p.search.Lock()
		if other, err := p.find(ctx); err == nil && other != m {
			p.choose(other)
		}
		p.search.Unlock()
	}
}

// takesWrites is nil when the server may be written to: not read-only, and if it is in a replication group, ONLINE there and
// with the majority.
func (m *member) takesWrites(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, primaryAnswer)
	defer cancel()
	var readOnly string
	if err := m.probe.QueryRowContext(ctx, selectReadOnly).Scan(&readOnly); err != nil {
		return err
	}
	if readOnly != "0" && !strings.EqualFold(readOnly, "OFF") {
		return errors.New("it is read-only")
	}
	return m.inMajority(ctx)
}

func (m *member) inMajority(ctx context.Context) error {
	var all, reached int
	own := ""
	rows, err := m.probe.QueryContext(ctx, selectMembers)
	err = each(rows, err, func() error {
		var self bool
		var state string
		if err := rows.Scan(&self, &state); err != nil {
			return err
		}
		all++
		if state != "UNREACHABLE" {
			reached++
		}
		if self {
			own = state
		}
		return nil
	})
	var e *mysql.MySQLError
	switch {
	case errors.As(err, &e) && (e.Number == erNoSuchTable || e.Number == erUnknownVariable):
		return nil // MariaDB: no such groups
	case errors.As(err, &e) && e.Number == erTableAccessDenied:
		return nil // whether it has the majority is then only known from its commits
	case err != nil:
		return err
	case all > 0 && own != "ONLINE":
		return fmt.Errorf("it is not ONLINE in its replication group (%q)", own)
	case 2*reached <= all && all > 0:
		return fmt.Errorf("it reaches %d of the %d members of its replication group", reached, all)
	}
	return nil
}

// trackedConn tells its member when it is closed.
type trackedConn struct {
	*net.TCPConn // all of it: the driver looks into it whether it still lives
	member       *member
}

// Close implements net.Conn.
func (c *trackedConn) Close() error {
	c.member.mu.Lock()
	delete(c.member.conns, c)
	c.member.mu.Unlock()
	return c.TCPConn.Close()
}

func (m *member) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c := &trackedConn{TCPConn: conn.(*net.TCPConn), member: m}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conns[c] = struct{}{}
	return c, nil
}

// cut ends every connection to a server that is not the primary any more.
func (m *member) cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.conns {
		_ = c.TCPConn.Close() // whoever waits at it gets the error
	}
	clear(m.conns)
}
