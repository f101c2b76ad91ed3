package sandbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// WaitReplica returns when the replica has applied everything that is in the source's binary log: by GTIDs if the replica
// follows them, else by the log's file and position. It returns at once, with the replica's words, when replication has
// stopped on an error, and with ctx's error when that is done.
func WaitReplica(ctx context.Context, replica, source *sql.DB) error {
	kind, err := kindOf(ctx, source)
	if err != nil {
		return err
	}
	return poll(ctx, 50*time.Millisecond, func() error {
		status, err := replicaStatus(ctx, replica, kind)
		if err != nil {
			return err
		}
		return caughtUp(ctx, replica, source, kind, status)
	})
}

// replicaStatus is SHOW REPLICA STATUS; what can't get better by waiting is a final error.
func replicaStatus(ctx context.Context, replica *sql.DB, kind Kind) (row, error) {
	show := "SHOW SLAVE STATUS"
	if kind.Modern() {
		show = "SHOW REPLICA STATUS"
	}
	rows, err := queryRows(ctx, replica, show)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, final{errors.New("the server is no replica")}
	}
	for _, thread := range []string{"IO", "SQL"} {
		if errno := rows[0]["Last_"+thread+"_Errno"]; errno != "0" && errno != "2003" && errno != "2013" {
			return nil, final{fmt.Errorf("replication stopped on error %s: %s", errno, rows[0]["Last_"+thread+"_Error"])}
		}
	}
	return rows[0], nil
}

func caughtUp(ctx context.Context, replica, source *sql.DB, kind Kind, status row) error {
	byGTID := status["Auto_Position"] == "1" || (kind == MariaDB && status["Using_Gtid"] != "No")
	var want string
	var reached bool
	var err error
	switch {
	case byGTID && kind == MariaDB:
		want, reached, err = reachedSlavePos(ctx, replica, source)
	case byGTID:
		if want, err = askText(ctx, source, "SELECT @@GLOBAL.gtid_executed"); err == nil {
			var answer string
			answer, err = askText(ctx, replica, "SELECT GTID_SUBSET(?, @@GLOBAL.gtid_executed)", want)
			reached = answer == "1"
		}
	default:
		want, reached, err = reachedPosition(ctx, replica, source, kind)
	}
	if err != nil {
		return err
	}
	if !reached {
		return fmt.Errorf("replica has not reached %s; its threads: IO %s, SQL %s", want,
			thread(status, "IO"), thread(status, "SQL"))
	}
	return nil
}

// reachedSlavePos compares the positions here rather than wait on the server, so that an error is seen at the next look.
func reachedSlavePos(ctx context.Context, replica, source *sql.DB) (want string, reached bool, err error) {
	if want, err = askText(ctx, source, "SELECT @@GLOBAL.gtid_binlog_pos"); err != nil {
		return "", false, err
	}
	has, err := askText(ctx, replica, "SELECT @@GLOBAL.gtid_slave_pos")
	if err != nil {
		return "", false, err
	}
	applied := sequenceNumbers(has)
	for domain, sequence := range sequenceNumbers(want) {
		if applied[domain] < sequence {
			return want, false, nil
		}
	}
	return want, true, nil
}

// sequenceNumbers reads domain-server-sequence,... of MariaDB.
func sequenceNumbers(pos string) map[string]uint64 {
	numbers := map[string]uint64{}
	for gtid := range strings.SplitSeq(pos, ",") {
		if parts := strings.Split(gtid, "-"); len(parts) == 3 {
			numbers[parts[0]], _ = strconv.ParseUint(parts[2], 10, 64) // the server's own words
		}
	}
	return numbers
}

func reachedPosition(ctx context.Context, replica, source *sql.DB, kind Kind) (want string, reached bool, err error) {
	show, wait := "SHOW MASTER STATUS", "SELECT MASTER_POS_WAIT(?, ?, 1) >= 0"
	if kind.Modern() {
		show, wait = "SHOW BINARY LOG STATUS", "SELECT SOURCE_POS_WAIT(?, ?, 1) >= 0"
	}
	rows, err := queryRows(ctx, source, show)
	if err != nil {
		return "", false, err
	}
	if len(rows) != 1 {
		return "", false, final{errors.New("the source has no binary log")}
	}
	want = rows[0]["File"] + ":" + rows[0]["Position"]
	answer, err := askText(ctx, replica, wait, rows[0]["File"], rows[0]["Position"])
	return want, answer == "1", err
}

// askText is the answer of a query with one value; "" for NULL.
func askText(ctx context.Context, db *sql.DB, query string, args ...any) (string, error) {
	var answer sql.NullString
	err := db.QueryRowContext(ctx, query, args...).Scan(&answer)
	return answer.String, err
}

func thread(status row, name string) string {
	if state, ok := status["Replica_"+name+"_Running"]; ok {
		return state
	}
	return status["Slave_"+name+"_Running"]
}

// MakeReplica makes replica follow source from where source's binary log is now; both must hold the same data. It follows
// by GTIDs if byGTID (which both servers must have on) and else by file and position.
func MakeReplica(ctx context.Context, replica, source *Server, byGTID bool) error {
	a, b := source.Open(""), replica.Open("")
	defer a.Close()
	defer b.Close()
	return ownSession(ctx, b, func(conn *sql.Conn) error {
		statements, err := changeSource(ctx, a, source, byGTID)
		if err != nil {
			return fmt.Errorf("make %s a replica of %s: %w", replica.Address(), source.Address(), err)
		}
		for _, statement := range statements {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("make %s a replica of %s: %w", replica.Address(), source.Address(), err)
			}
		}
		return nil
	})
}

func changeSource(ctx context.Context, db *sql.DB, source *Server, byGTID bool) ([]string, error) {
	word, change, show, start, stop := "MASTER", "CHANGE MASTER TO ", "SHOW MASTER STATUS", "START SLAVE", "STOP SLAVE"
	if source.Kind.Modern() {
		word, change, show, start, stop = "SOURCE", "CHANGE REPLICATION SOURCE TO ", "SHOW BINARY LOG STATUS", "START REPLICA", "STOP REPLICA"
	}
	rows, err := queryRows(ctx, db, show)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 {
		return nil, errors.New("the source has no binary log")
	}
	change += fmt.Sprintf("%[1]s_HOST = '%[2]s', %[1]s_PORT = %[3]d, %[1]s_USER = '%[4]s', %[1]s_PASSWORD = %[5]s, %[1]s_CONNECT_RETRY = 1",
		word, source.Host, source.Port, ReplicationUser, quoteString(source.Passwords.Replication))
	if source.Kind.Modern() {
		change += ", GET_SOURCE_PUBLIC_KEY = 1"
	}
	statements := []string{stop}
	switch {
	case !byGTID:
		change += fmt.Sprintf(", %[1]s_LOG_FILE = '%[2]s', %[1]s_LOG_POS = %[3]s", word, rows[0]["File"], rows[0]["Position"])
		if source.Kind == MariaDB {
			change += ", MASTER_USE_GTID = no"
		}
	case source.Kind == MariaDB:
		pos, err := queryRows(ctx, db, "SELECT @@GLOBAL.gtid_binlog_pos AS pos")
		if err != nil {
			return nil, err
		}
		statements = append(statements, "SET GLOBAL gtid_slave_pos = "+quoteString(pos[0]["pos"]))
		change += ", MASTER_USE_GTID = slave_pos"
	default:
		change += ", " + word + "_AUTO_POSITION = 1"
	}
	return append(statements, change, start), nil
}
