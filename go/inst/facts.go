package inst

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/inst/gtid"
)

// variables are the settings that facts reads; a server answers with those it knows.
var variables = []string{
	"server_id", "server_uuid", "read_only", "super_read_only", "log_bin", "log_slave_updates", "log_replica_updates",
	"binlog_format", "binlog_expire_logs_seconds", "expire_logs_days", "innodb_page_size", "lower_case_table_names",
	"have_ssl", "gtid_mode", "general_log", "log_raw",
}

// facts reads what is needed of a server to connect it, which costs a few milliseconds whatever its size: everything of an
// Instance but replicas, schemas, engines and accounts.
func (s *session) facts(ctx context.Context) (*Instance, error) {
	v, err := s.settings(ctx)
	if err != nil {
		return nil, err
	}
	s.vars = v
	in := &Instance{
		Address:             s.addr,
		Version:             s.version,
		ServerID:            integer(v["server_id"]),
		ServerUUID:          v["server_uuid"],
		ReadOnly:            isOn(v["read_only"]) || isOn(v["super_read_only"]),
		LogBin:              isOn(v["log_bin"]),
		LogReplicaUpdates:   isOn(v["log_slave_updates"]) || isOn(v["log_replica_updates"]),
		BinlogFormat:        v["binlog_format"],
		BinlogExpireSeconds: expiry(v),
		PageSize:            integer(v["innodb_page_size"]),
		LowerCaseTableNames: int(integer(v["lower_case_table_names"])),
	}
	in.LogsPasswords = isOn(v["general_log"]) && (s.version.Flavour == MariaDB || isOn(v["log_raw"]))
	if s.version.Flavour == MariaDB {
		in.ServerUUID = "" // MariaDB 12 has a variable of that name that is not kept over restarts
	}
	if err := s.clock(ctx, in); err != nil {
		return nil, err
	}
	if in.HasTLS, err = s.hasTLS(ctx, v); err != nil {
		return nil, err
	}
	if err := s.gtids(ctx, in, v); err != nil {
		return nil, err
	}
	if in.BinlogFile, in.BinlogPos, err = s.binlogPosition(ctx); err != nil {
		return nil, err
	}
	sources, err := s.replications(ctx)
	if err != nil {
		return nil, err
	}
	if len(sources) > 0 {
		in.Replica = &sources[0].ReplicaState
	}
	return in, nil
}

func (s *session) settings(ctx context.Context) (map[string]string, error) {
	table, err := s.table(ctx, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('"+strings.Join(variables, "','")+"')")
	if err != nil {
		return nil, err
	}
	v := make(map[string]string, len(table))
	for _, r := range table {
		v[strings.ToLower(r["Variable_name"])] = r["Value"]
	}
	return v, nil
}

func (s *session) clock(ctx context.Context, in *Instance) error {
	r, err := s.firstRow(ctx, "SELECT UNIX_TIMESTAMP(NOW(6))")
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseFloat(r[0], 64)
	if err != nil {
		return s.fail(err)
	}
	in.Now = time.UnixMicro(int64(seconds * 1e6)).UTC()
	return nil
}

// hasTLS says whether the server takes TLS connections. have_ssl is gone from MySQL 8.4 on, but there the end of the
// server's certificate is known.
func (s *session) hasTLS(ctx context.Context, v map[string]string) (bool, error) {
	if have, ok := v["have_ssl"]; ok {
		return have == "YES", nil
	}
	r, err := s.firstRow(ctx, "SHOW GLOBAL STATUS LIKE 'Ssl_server_not_after'")
	return len(r) > 1 && r[1] != "", err
}

// gtids are read with SELECT because SHOW VARIABLES cuts long values.
func (s *session) gtids(ctx context.Context, in *Instance, v map[string]string) error {
	if s.version.Flavour == MySQL && v["gtid_mode"] == "" {
		return nil
	}
	variable := "@@GLOBAL.gtid_executed"
	if s.version.Flavour == MariaDB {
		variable = "@@GLOBAL.gtid_current_pos"
	}
	r, err := s.firstRow(ctx, "SELECT "+variable)
	if err != nil {
		return err
	}
	if s.version.Flavour == MariaDB {
		in.GTIDExecuted = r[0]
		in.GTIDMode = in.LogBin && r[0] != ""
		return nil
	}
	set, err := gtid.ParseMySQL(r[0])
	if err != nil {
		return s.fail(err)
	}
	in.GTIDExecuted, in.GTIDMode = set.String(), v["gtid_mode"] == "ON"
	return nil
}

// binlogPosition is where the server writes now; empty when it keeps no binary log.
func (s *session) binlogPosition(ctx context.Context) (file string, pos int64, err error) {
	r, err := s.firstRow(ctx, s.dialect.ShowBinaryLogStatus)
	if err != nil || len(r) < 2 {
		return "", 0, err
	}
	return r[0], integer(r[1]), nil
}

// replicas names those that read the server's binary log now. The threads that send it are the truth, for a reader need
// not register; but an account without PROCESS sees only its own threads, so when there are none the registered ones count.
// (Asking for these only then matters with MySQL 5.6, which sends broken rows for replicas that are just leaving.)
func (s *session) replicas(ctx context.Context) ([]string, error) {
	threads, err := s.table(ctx, "SHOW PROCESSLIST")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range threads {
		if strings.HasPrefix(r["Command"], "Binlog Dump") {
			names = append(names, clientHost(r["Host"]))
		}
	}
	if len(names) > 0 {
		return names, nil
	}
	registered, err := s.table(ctx, s.dialect.ShowReplicas)
	for _, r := range registered {
		names = append(names, cmp.Or(r["Host"], "server with ID "+cmp.Or(r["Server_Id"], r["Server_id"])))
	}
	return names, err
}

// clientHost is a thread's Host without its port.
func clientHost(s string) string {
	if i := strings.LastIndexByte(s, ':'); i > 0 && strings.Trim(s[i+1:], "0123456789") == "" {
		return s[:i]
	}
	return s
}

// expiry reads both ways to say it; seconds win where they are set.
func expiry(v map[string]string) int64 {
	if n := integer(v["binlog_expire_logs_seconds"]); n > 0 {
		return n
	}
	days, _ := strconv.ParseFloat(v["expire_logs_days"], 64)
	return int64(days * 24 * 3600)
}

func isOn(s string) bool { return s == "ON" || s == "1" }

func integer(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}
