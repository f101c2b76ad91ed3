package cloneplugin

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

type version = host.Server

func text(s string) string { return dumpsql.Text(s) }

// facts are what has to be alike on two servers, and what tells a server apart.
type facts struct {
	version  version
	identity string // of the running server: two that agree are one
	platform string
	pageSize int64
	dataFile string // innodb_data_file_path
	datadir  string
	packet   int64
	schema   bool // performance_schema
	binlog   bool
	tls      bool // this connection
}

func readFacts(ctx context.Context, db *sql.DB) (*facts, error) {
	var f facts
	var text, name, uuid, cipher string
	var port int
	err := db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&text)
	if err != nil {
		return nil, queryError(err, "read the server's version")
	}
	if f.version, err = host.ParseServer(text); err != nil {
		return nil, err
	}
	if f.version.Flavour != host.FlavourMySQL || !f.version.AtLeast(8, 0, 17) {
		return nil, permanent(CodeServer, "use another method", nil, "the server is %s %s; the clone plugin is part of MySQL from 8.0.17 on", f.version.Flavour, text)
	}
	err = db.QueryRowContext(ctx, `SELECT @@GLOBAL.hostname, @@GLOBAL.port, @@GLOBAL.datadir, @@GLOBAL.server_uuid, CONCAT(@@GLOBAL.version_compile_os, ' ', @@GLOBAL.version_compile_machine),
		@@GLOBAL.innodb_page_size, @@GLOBAL.innodb_data_file_path, @@GLOBAL.max_allowed_packet, @@GLOBAL.performance_schema, @@GLOBAL.log_bin`).
		Scan(&name, &port, &f.datadir, &uuid, &f.platform, &f.pageSize, &f.dataFile, &f.packet, &f.schema, &f.binlog)
	if err != nil {
		return nil, queryError(err, "read the server's variables")
	}
	f.identity = fmt.Sprintf("%s:%d %s %s", name, port, f.datadir, uuid)
	if err := db.QueryRowContext(ctx, "SHOW SESSION STATUS LIKE 'Ssl_cipher'").Scan(&text, &cipher); err != nil {
		return nil, queryError(err, "read the connection's state")
	}
	f.tls = cipher != ""
	if !f.schema {
		return nil, permanent(CodeServer, "set performance_schema = ON", nil, "performance_schema is off: without it nobody can say how a clone stands")
	}
	return &f, nil
}

// apart says why the target can't be cloned from the source, "" if nothing is known against it. Between patch versions of a
// series CLONE works from 8.0.37 on.
func apart(source, target *facts) string {
	s, t := source.version, target.version
	series := s.Major == t.Major && s.Minor == t.Minor
	old := series && s.Major == 8 && s.Minor == 0 && min(s.Patch, t.Patch) < 37
	const minPacket = 2 << 20
	switch {
	case !series || old && s.Patch != t.Patch:
		return fmt.Sprintf("the source is MySQL %s and the target %s: CLONE works within a series, and below 8.0.37 between equal versions only", s.Version, t.Version)
	case source.platform != target.platform:
		return fmt.Sprintf("the source runs on %s and the target on %s", source.platform, target.platform)
	case source.pageSize != target.pageSize:
		return fmt.Sprintf("innodb_page_size is %d on the source and %d on the target", source.pageSize, target.pageSize)
	case source.dataFile != target.dataFile:
		return fmt.Sprintf("innodb_data_file_path is %q on the source and %q on the target", source.dataFile, target.dataFile)
	case source.packet < minPacket, target.packet < minPacket:
		return fmt.Sprintf("max_allowed_packet is %d on the source and %d on the target: CLONE needs %d", source.packet, target.packet, minPacket)
	}
	return ""
}

// column reads a column of text.
func column(ctx context.Context, db querier, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// some names the first few of a list.
func some(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
