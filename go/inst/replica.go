package inst

import (
	"cmp"
	"context"
	"strconv"
	"strings"
)

// replication is one row of the server's replica status.
type replication struct {
	channel string
	ReplicaState
}

// replications reads every source that the server has; the default channel comes first.
func (s *session) replications(ctx context.Context) ([]replication, error) {
	table, err := s.table(ctx, s.dialect.ShowReplicaStatus)
	if err != nil {
		return nil, err
	}
	var all []replication
	for _, r := range table {
		one := s.dialect.replication(r)
		if one.SourceHost == "" || strings.HasPrefix(one.channel, "group_replication_") {
			continue // a channel that was reset, and those of group replication
		}
		if one.channel == "" {
			all = append([]replication{one}, all...)
		} else {
			all = append(all, one)
		}
	}
	return all, nil
}

// replication turns a row of ShowReplicaStatus into our words.
func (d Dialect) replication(r row) replication {
	number := func(column string, missing int64) int64 {
		n, err := strconv.ParseInt(r[column], 10, 64)
		if err != nil {
			return missing
		}
		return n
	}
	one := replication{channel: cmp.Or(r["Connection_name"], r["Channel_Name"])}
	one.ReplicaState = ReplicaState{
		SourceHost:    r[d.ColSourceHost],
		SourcePort:    int(number(d.ColSourcePort, 0)),
		IORunning:     r[d.ColIORunning] == "Yes",
		SQLRunning:    r[d.ColSQLRunning] == "Yes",
		IOState:       r[d.ColIORunning],
		LastIOErrno:   int(number("Last_IO_Errno", 0)),
		LastIOError:   r["Last_IO_Error"],
		LastSQLErrno:  int(number("Last_SQL_Errno", 0)),
		LastSQLError:  r["Last_SQL_Error"],
		LagSeconds:    number(d.ColLag, -1),
		SourceLogFile: r[d.ColSourceFile],
		ReadPos:       number(d.ColReadPos, 0),
		ExecLogFile:   r[d.ColExecFile],
		ExecPos:       number(d.ColExecPos, 0),
	}
	if d.Flavour == MariaDB {
		using := r["Using_Gtid"]
		one.AutoPosition = using == "Slave_Pos" || using == "Current_Pos"
		one.RetrievedGTID = r["Gtid_IO_Pos"]
		one.ExecutedGTID = r["Gtid_Slave_Pos"]
	} else {
		one.AutoPosition = r["Auto_Position"] == "1"
		one.RetrievedGTID = strings.ReplaceAll(r["Retrieved_Gtid_Set"], "\n", "")
		one.ExecutedGTID = strings.ReplaceAll(r["Executed_Gtid_Set"], "\n", "")
	}
	return one
}

// of says whether this is replication from that source.
func (r *replication) of(source Address) bool {
	return strings.EqualFold(r.SourceHost, source.Host) && r.SourcePort == source.Port
}

// forgetSources stops and forgets every source.
func (s *session) forgetSources(ctx context.Context, step func(string)) error {
	all, err := s.replications(ctx)
	if err != nil {
		return err
	}
	if err := s.exec(ctx, sessionMode); err != nil {
		return err
	}
	for _, r := range all {
		step("stop replication from " + Address{Host: r.SourceHost, Port: r.SourcePort}.String() + " and forget it")
		if err := s.stopReplica(ctx, r.channel, true, step); err != nil {
			return err
		}
		if err := s.exec(ctx, s.dialect.channel(s.dialect.ResetReplica, r.channel)); err != nil {
			return err
		}
	}
	return nil
}
