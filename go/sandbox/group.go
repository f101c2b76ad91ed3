package sandbox

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Group is a MySQL Group Replication of several members, single-primary. Its methods may be called from many goroutines, but
// what starts and ends members takes turns.
type Group struct {
	Members []*Server
}

const groupHost = "127.0.0.1"

// GroupOptions say what group to start.
type GroupOptions struct {
	Members int    // 0 is 3
	Dir     string // for all members' directories; "": the system's temporary directory
	// Extra are lines for each member's my.cnf, after ours.
	Extra []string
	// StartTimeout bounds the wait for each member to be ONLINE; 0 is 60 s.
	StartTimeout time.Duration
}

// StartGroup starts the members, each on a port of its own, and returns when all are ONLINE. On error nothing is left.
func StartGroup(ctx context.Context, o GroupOptions) (g *Group, err error) {
	if o.Members == 0 {
		o.Members = 3
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = time.Minute
	}
	g = &Group{Members: make([]*Server, o.Members)}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.Close())
			g = nil
		}
	}()
	options, err := o.members()
	if err != nil {
		return g, err
	}
	errs := make([]error, o.Members)
	var wg sync.WaitGroup
	for i := range g.Members {
		wg.Go(func() { g.Members[i], errs[i] = Start(ctx, options[i]) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return g, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	for i, m := range g.Members {
		if err := g.join(ctx, m, i == 0); err != nil {
			return g, fmt.Errorf("%w\n%s", err, m.LogTail(20))
		}
	}
	return g, nil
}

// members are the options of each. All have one address, because a member only takes one that an interface of the machine
// has; they talk to each other at their MySQL ports, so that nothing listens anywhere else.
func (o GroupOptions) members() ([]Options, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil, err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	name := fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	all := make([]Options, o.Members)
	var doors []string
	for i := range all {
		port, err := FreePort(groupHost)
		if err != nil {
			return nil, err
		}
		all[i] = Options{Kind: MySQL97, Host: groupHost, Port: port, ServerID: uint32(i + 1)}
		doors = append(doors, net.JoinHostPort(groupHost, strconv.Itoa(port)))
	}
	for i := range all {
		all[i].Extra = append([]string{
			"plugin_load_add=group_replication.so",
			"group_replication_group_name=" + name,
			"group_replication_communication_stack=MYSQL",
			"group_replication_local_address=" + doors[i],
			"group_replication_group_seeds=" + strings.Join(doors, ","),
			"group_replication_ssl_mode=REQUIRED",
			"group_replication_recovery_use_ssl=ON",
			"group_replication_start_on_boot=OFF",
			"group_replication_recovery_reconnect_interval=1",
			"group_replication_message_cache_size=134217728", // the smallest; the default is 1 GiB
		}, o.Extra...)
		if o.Dir != "" {
			all[i].Dir = filepath.Join(o.Dir, fmt.Sprintf("member%d", i+1))
		}
	}
	return all, nil
}

// join has a member begin the group, or take part in it, and waits until it is ONLINE.
func (g *Group) join(ctx context.Context, m *Server, first bool) error {
	db := m.Open("")
	defer db.Close()
	statements := []string{fmt.Sprintf("CHANGE REPLICATION SOURCE TO SOURCE_USER = '%s', SOURCE_PASSWORD = %s FOR CHANNEL 'group_replication_recovery'",
		AdminUser, quoteString(m.Passwords.Admin))}
	if first {
		statements = append(statements, "SET GLOBAL group_replication_bootstrap_group = ON", "START GROUP_REPLICATION",
			"SET GLOBAL group_replication_bootstrap_group = OFF")
	} else {
		statements = append(statements, "START GROUP_REPLICATION")
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			verb, _, _ := strings.Cut(statement, " SOURCE_USER")
			return fmt.Errorf("%s on %s: %w", verb, m.Address(), err)
		}
	}
	return poll(ctx, 50*time.Millisecond, func() error {
		_, state, err := self(ctx, db)
		if err == nil && state != "ONLINE" {
			err = fmt.Errorf("member %s is %s", m.Address(), state)
		}
		return err
	})
}

// self is what a member says of itself.
func self(ctx context.Context, db *sql.DB) (role, state string, err error) {
	err = db.QueryRowContext(ctx, `SELECT MEMBER_ROLE, MEMBER_STATE FROM performance_schema.replication_group_members
		WHERE MEMBER_ID = @@GLOBAL.server_uuid`).Scan(&role, &state)
	return role, state, err
}

// Rejoin starts a member again after Kill or Stop, or after the group expelled it, and waits until it is ONLINE.
func (g *Group) Rejoin(ctx context.Context, m *Server) error {
	if err := m.Restart(ctx); err != nil {
		return err
	}
	db := m.Open("")
	defer db.Close()
	if _, err := db.ExecContext(ctx, "STOP GROUP_REPLICATION"); err != nil {
		return fmt.Errorf("STOP GROUP_REPLICATION on %s: %w", m.Address(), err)
	}
	if _, err := db.ExecContext(ctx, "SET GLOBAL offline_mode = OFF"); err != nil {
		return err
	}
	return g.join(ctx, m, false)
}

// Primary is the member that takes writes, and that the majority is with. Members that don't answer within a second are
// passed over.
func (g *Group) Primary(ctx context.Context) (*Server, error) {
	for _, m := range g.Members {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		db := m.Open("")
		role, state, err := self(ctx, db)
		var away int
		if err == nil {
			err = db.QueryRowContext(ctx, "SELECT COUNT(*) FROM performance_schema.replication_group_members WHERE MEMBER_STATE = 'UNREACHABLE'").Scan(&away)
		}
		_ = db.Close()
		cancel()
		if err == nil && role == "PRIMARY" && state == "ONLINE" && 2*away < len(g.Members) {
			return m, nil
		}
	}
	return nil, errors.New("the group has no primary")
}

// Addresses are all members' host:port, with commas between them.
func (g *Group) Addresses() string {
	var all []string
	for _, m := range g.Members {
		all = append(all, m.Address())
	}
	return strings.Join(all, ",")
}

// Close ends all members and removes their directories. It may be called again.
func (g *Group) Close() error {
	var errs []error
	for _, m := range g.Members {
		if m != nil {
			errs = append(errs, m.Close())
		}
	}
	return errors.Join(errs...)
}

// StartGroupT is StartGroup for tests.
func StartGroupT(t T, o GroupOptions) *Group {
	t.Helper()
	Require(t, MySQL97)
	g, err := StartGroup(context.Background(), o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		for _, m := range g.Members {
			if t.Failed() {
				t.Logf("error log of %s:\n%s", m.Address(), m.LogTail(25))
			}
		}
		if err := g.Close(); err != nil {
			t.Logf("close the group: %v", err)
		}
	})
	return g
}
