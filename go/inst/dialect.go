package inst

import (
	"fmt"
	"strings"
)

// Dialect is the replication language of one server version: statements, and the words in their options and columns. Old
// words are used as long as a server has them without new ones that are complete; they are the only ones on MariaDB and up
// to MySQL 8.0.22, and they no longer exist from MySQL 8.4 on.
type Dialect struct {
	Flavour Flavour

	ShowReplicaStatus   string // one row for each source
	ShowReplicas        string // replicas that registered here
	ShowBinaryLogStatus string // file, position
	ResetBinaryLogs     string
	// ChangeSource begins the statement that SourcePrefix names the options of: CHANGE MASTER TO MASTER_HOST = ...
	ChangeSource string
	// The %s of these three takes a channel: see channel.
	StartReplica string
	StopReplica  string
	ResetReplica string // forgets the source
	SourcePrefix string // "MASTER_" or "SOURCE_"

	// Columns of ShowReplicaStatus that changed their names.
	ColSourceHost, ColSourcePort, ColIORunning, ColSQLRunning, ColLag, ColSourceFile, ColReadPos, ColExecFile, ColExecPos string

	// HasPublicKey: GET_SOURCE_PUBLIC_KEY exists (caching_sha2_password).
	HasPublicKey bool
	// HasChannels: replication from several sources (channels; connection names on MariaDB).
	HasChannels bool
}

// The releases in which words changed.
var (
	replicaWords   = [3]int{8, 0, 23} // REPLICA, SOURCE: the first with both SHOW REPLICA STATUS and CHANGE REPLICATION SOURCE TO
	binaryLogWords = [3]int{8, 2, 0}  // RESET BINARY LOGS AND GTIDS, SHOW BINARY LOG STATUS
	publicKey      = [3]int{8, 0, 4}
	channels       = [3]int{5, 7, 6}
)

// DialectOf chooses by version.
func DialectOf(v Version) Dialect {
	d := Dialect{
		Flavour:             v.Flavour,
		ShowReplicaStatus:   "SHOW SLAVE STATUS",
		ShowReplicas:        "SHOW SLAVE HOSTS",
		ShowBinaryLogStatus: "SHOW MASTER STATUS",
		ResetBinaryLogs:     "RESET MASTER",
		ChangeSource:        "CHANGE MASTER TO ",
		StartReplica:        "START SLAVE%s",
		StopReplica:         "STOP SLAVE%s",
		ResetReplica:        "RESET SLAVE%s ALL",
		SourcePrefix:        "MASTER_",
		ColSourceHost:       "Master_Host",
		ColSourcePort:       "Master_Port",
		ColIORunning:        "Slave_IO_Running",
		ColSQLRunning:       "Slave_SQL_Running",
		ColLag:              "Seconds_Behind_Master",
		ColSourceFile:       "Master_Log_File",
		ColReadPos:          "Read_Master_Log_Pos",
		ColExecFile:         "Relay_Master_Log_File",
		ColExecPos:          "Exec_Master_Log_Pos",
	}
	if v.Flavour == MariaDB {
		d.ShowReplicaStatus, d.HasChannels = "SHOW ALL SLAVES STATUS", true
		return d
	}
	since := func(r [3]int) bool { return v.AtLeast(r[0], r[1], r[2]) }
	d.HasPublicKey, d.HasChannels = since(publicKey), since(channels)
	d.ResetReplica = "RESET SLAVE ALL%s" // MySQL names the channel at the end
	if since(replicaWords) {
		d.useReplicaWords()
	}
	if since(binaryLogWords) {
		d.ResetBinaryLogs = "RESET BINARY LOGS AND GTIDS"
		d.ShowBinaryLogStatus = "SHOW BINARY LOG STATUS"
	}
	return d
}

func (d *Dialect) useReplicaWords() {
	d.ShowReplicaStatus = "SHOW REPLICA STATUS"
	d.ShowReplicas = "SHOW REPLICAS"
	d.ChangeSource = "CHANGE REPLICATION SOURCE TO "
	d.StartReplica = "START REPLICA%s"
	d.StopReplica = "STOP REPLICA%s"
	d.ResetReplica = "RESET REPLICA ALL%s"
	d.SourcePrefix = "SOURCE_"
	d.ColSourceHost, d.ColSourcePort = "Source_Host", "Source_Port"
	d.ColIORunning, d.ColSQLRunning = "Replica_IO_Running", "Replica_SQL_Running"
	d.ColLag = "Seconds_Behind_Source"
	d.ColSourceFile, d.ColReadPos = "Source_Log_File", "Read_Source_Log_Pos"
	d.ColExecFile, d.ColExecPos = "Relay_Source_Log_File", "Exec_Source_Log_Pos"
}

// channel fills a channel (MySQL) or connection (MariaDB) name into one of the statements; "" is the default one.
func (d Dialect) channel(statement, name string) string {
	words := ""
	switch {
	case name == "":
	case d.Flavour == MariaDB:
		words = " " + quote(name)
	default:
		words = " FOR CHANNEL " + quote(name)
	}
	return fmt.Sprintf(statement, words)
}

// sessionMode is the SQL mode under which quote is right. Set it on a connection before a quoted text is sent there.
const sessionMode = "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'"

// quote writes s as a string literal for a session in sessionMode: there nothing but the quote itself is special. For
// statements that take no placeholders.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
