package inst

import (
	"fmt"
	"net"
	"strconv"
	"time"
)

// Address is host and port of a MySQL server.
type Address struct {
	Host string
	Port int
}

// String is host:port, IPv6 in brackets.
func (a Address) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// Flavour is the family of a server.
type Flavour string

const (
	MySQL   Flavour = "MySQL" // Percona Server included
	MariaDB Flavour = "MariaDB"
)

// Version of a server, parsed from VERSION().
type Version struct {
	Flavour Flavour
	Major   int
	Minor   int
	Patch   int
	Text    string // as the server says it
}

// Series is the release series, "10.11" or "8.4".
func (v Version) Series() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// Instance is what was read of a server at one moment.
type Instance struct {
	Address             Address
	Version             Version
	ServerID            int64
	ServerUUID          string // MySQL only
	ReadOnly            bool
	LogBin              bool
	LogReplicaUpdates   bool
	BinlogFormat        string
	BinlogExpireSeconds int64 // 0: never
	BinlogFile          string
	BinlogPos           int64
	GTIDMode            bool   // MySQL: gtid_mode ON; MariaDB: gtid_current_pos not empty with the binary log on
	GTIDExecuted        string // MySQL: gtid_executed; MariaDB: gtid_current_pos
	PageSize            int64
	LowerCaseTableNames int
	HasTLS              bool
	LogsPasswords       bool          // its general log shows statements with the passwords in them: MariaDB's always does
	Replica             *ReplicaState // nil when it is not a replica
	Replicas            []string      // host (or ID) of each replica that is connected now
	// DataBytes and Schemas are the user's data: schema name to bytes; without the server's own schemas.
	Schemas map[string]int64
	// NonTransactional counts non-empty user tables of engines without transactions, by engine.
	NonTransactional map[string]int
	Accounts         []string // 'user'@'host' of each account
	Now              time.Time
}

// ReplicaState is what a replica says of its replication.
type ReplicaState struct {
	SourceHost    string
	SourcePort    int
	IORunning     bool // "Yes"; Connecting is not running
	SQLRunning    bool
	IOState       string // "Yes", "No", "Connecting", ...
	LastIOErrno   int
	LastIOError   string
	LastSQLErrno  int
	LastSQLError  string
	LagSeconds    int64 // -1: unknown (NULL)
	AutoPosition  bool  // by GTID
	RetrievedGTID string
	ExecutedGTID  string
	SourceLogFile string
	ReadPos       int64  // in SourceLogFile: how far the source's binary log was fetched
	ExecLogFile   string // and ExecPos: how far it was applied
	ExecPos       int64
	// SourceNowFile and SourceNowPos are where the source wrote just before this was read; "" and 0 when it could not be
	// asked.
	SourceNowFile string
	SourceNowPos  int64
}
