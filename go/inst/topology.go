package inst

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"time"
)

// Options of a Topology.
type Options struct {
	// User and Password log in to every server; if Credentials is set it is asked instead, at each connection.
	User        string
	Password    string
	Credentials func() (user, password string, err error)
	// TLS, if set, is used to every server; the server's name is filled in. With MixedTLS a server without TLS is talked to
	// in the clear; with MixedTLS alone TLS is used where it is offered and certificates are not checked.
	TLS      *tls.Config
	MixedTLS bool

	ConnectTimeout time.Duration // 0: 5 s
	QueryTimeout   time.Duration // of each statement; 0: 1 min
	// StopPatience is how long replication that is to be stopped may wait for somebody's lock; 0: 10 s.
	StopPatience time.Duration

	// ReplicationCredentialsQuery is run on the source: its first row's first two columns are user and password for
	// replication. Without it, or without a row, ReplicationUser and ReplicationPassword are taken.
	ReplicationCredentialsQuery string
	ReplicationUser             string
	ReplicationPassword         string
	// DetectClusterAliasQuery is run on a server: first column of the first row.
	DetectClusterAliasQuery string

	Log *slog.Logger // nil: slog.Default
}

// Topology reads and changes MySQL servers. Each call opens one connection to each server it is about and closes it before
// it returns: thousands of servers cost nothing while nobody asks about them, and one that hangs delays only its caller.
// All methods may be called from many goroutines; every error is an *Error.
type Topology struct {
	opt Options
	log *slog.Logger
}

// New makes a Topology; it does not connect.
func New(opt Options) *Topology {
	opt.ConnectTimeout = cmp.Or(opt.ConnectTimeout, 5*time.Second)
	opt.QueryTimeout = cmp.Or(opt.QueryTimeout, time.Minute)
	opt.StopPatience = cmp.Or(opt.StopPatience, 10*time.Second)
	log := opt.Log
	if log == nil {
		log = slog.Default()
	}
	return &Topology{opt: opt, log: log}
}

// ClusterAlias is what DetectClusterAliasQuery says on that server; "" without a query, a row or a value.
func (t *Topology) ClusterAlias(ctx context.Context, addr Address) (string, error) {
	if t.opt.DetectClusterAliasQuery == "" {
		return "", nil
	}
	s, err := t.open(ctx, "read cluster alias", addr)
	if err != nil {
		return "", err
	}
	defer s.close()
	row, err := s.firstRow(ctx, t.opt.DetectClusterAliasQuery)
	if err != nil || len(row) == 0 {
		return "", err
	}
	return row[0], nil
}

// DisconnectReplica stops replication on the target and forgets every source; nil when it is not a replica. It may be
// repeated.
func (t *Topology) DisconnectReplica(ctx context.Context, target Address) error {
	s, err := t.open(ctx, "disconnect replica", target)
	if err != nil {
		return err
	}
	defer s.close()
	return s.forgetSources(ctx, func(text string) { t.log.Info(text, "op", s.op, "host", target.String()) })
}
