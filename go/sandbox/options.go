package sandbox

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Options say what server to start. Only Kind is required.
type Options struct {
	Kind Kind
	// Host is the loopback address to listen on; "" takes 127.0.0.1.
	Host string
	// Port 0 takes a free one.
	Port int
	// Dir is the server's directory, made if it is not there, and removed by Close; "" makes one in the system's temporary
	// directory.
	Dir string
	// Data is a data directory of a stopped server to start on a copy of, instead of an empty one. Its accounts stay.
	Data string
	// ServerID 0 takes a random one.
	ServerID uint32
	// BufferPoolMB is InnoDB's buffer pool in MiB; 0 is 64.
	BufferPoolMB int
	// NoGTID turns GTIDs off on MySQL97 and is the default on MySQL56. MariaDB always has them.
	NoGTID bool
	// GTID turns GTIDs on on MySQL56.
	GTID bool
	// NoBinlog turns the binary log off.
	NoBinlog bool
	// NoAccounts leaves only root@localhost, through the socket and without a password.
	NoAccounts bool
	// Extra are lines for my.cnf's [mysqld] group, after ours ("max_connections=20").
	Extra []string
	// Passwords of the accounts; those left empty have a plain default. AwkwardPasswords is what breaks bad quoting.
	Passwords Passwords
	// Detached servers go on when the process that started them ends.
	Detached bool
	// StartTimeout bounds the wait for the first answer; 0 is 60 s.
	StartTimeout time.Duration
}

var errNotLoopback = errors.New("sandbox servers listen on loopback addresses only")

// complete fills in what was left open and makes the directory.
func (o *Options) complete() (err error) {
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	if ip := net.ParseIP(o.Host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("host %q: %w", o.Host, errNotLoopback)
	}
	if o.Port == 0 {
		if o.Port, err = FreePort(o.Host); err != nil {
			return err
		}
	}
	if o.ServerID == 0 {
		o.ServerID = 1 + rand.Uint32N(1<<31-2)
	}
	if o.BufferPoolMB == 0 {
		o.BufferPoolMB = 64
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = time.Minute
	}
	o.Passwords = o.Passwords.orDefaults()
	if o.Dir != "" {
		if o.Dir, err = filepath.Abs(o.Dir); err != nil {
			return err
		}
		return os.MkdirAll(o.Dir, 0o755)
	}
	o.Dir, err = os.MkdirTemp("", "seed-db-")
	return err
}

// config is the whole my.cnf.
func (o *Options) config(p program, s *Server) []string {
	lines := []string{
		"datadir=" + s.Datadir,
		"socket=" + s.Socket,
		"pid_file=" + filepath.Join(s.Dir, "server.pid"),
		"log_error=" + s.ErrorLog,
		"tmpdir=" + filepath.Join(s.Dir, "tmp"),
		"bind_address=" + o.Host,
		fmt.Sprintf("port=%d", o.Port),
		fmt.Sprintf("server_id=%d", o.ServerID),
		"report_host=" + o.Host,
		"skip_name_resolve=ON",
		"skip_slave_start=ON",
		"max_connections=100",
		"max_allowed_packet=64M",
		"innodb_flush_log_at_trx_commit=2", // safe against a killed process, which is all that happens to it here
		fmt.Sprintf("innodb_buffer_pool_size=%dM", o.BufferPoolMB),
	}
	if os.Geteuid() == 0 {
		lines = append(lines, "user=root")
	}
	lines = append(lines, p.config...)
	lines = append(lines, o.kindConfig()...)
	return append(lines, o.Extra...)
}

func (o *Options) kindConfig() []string {
	var lines []string
	switch o.Kind {
	case MariaDB:
		lines = []string{
			"innodb_log_file_size=64M", "performance_schema=OFF", "character_set_server=utf8mb4", "secure_file_priv=",
			"aria_pagecache_buffer_size=8M", "key_buffer_size=8M",
		}
	case MySQL97:
		lines = []string{
			"innodb_redo_log_capacity=128M", "mysqlx=OFF", "key_buffer_size=8M", "secure_file_priv=NULL",
			"innodb_buffer_pool_load_at_startup=OFF", "innodb_buffer_pool_dump_at_shutdown=OFF",
		}
	case MySQL56:
		lines = []string{
			"innodb_log_file_size=48M", "performance_schema=OFF", "character_set_server=utf8mb4", "innodb_use_native_aio=OFF",
			"explicit_defaults_for_timestamp=ON", "key_buffer_size=8M", "sql_mode=NO_ENGINE_SUBSTITUTION,STRICT_TRANS_TABLES",
		}
	}
	return append(lines, o.binlogConfig()...)
}

func (o *Options) binlogConfig() []string {
	if o.NoBinlog {
		if o.Kind == MySQL97 {
			return []string{"skip_log_bin"}
		}
		return nil
	}
	lines := []string{"log_bin=binlog", "binlog_format=ROW", "sync_binlog=0", "relay_log=relay"}
	switch o.Kind {
	case MariaDB:
		lines = append(lines, "log_slave_updates=ON")
	case MySQL97:
		lines = []string{"log_bin=binlog", "sync_binlog=0", "relay_log=relay"}
		gtid := "ON"
		if o.NoGTID { // they are on unless they are turned off
			gtid = "OFF"
		}
		lines = append(lines, "gtid_mode="+gtid, "enforce_gtid_consistency="+gtid)
	case MySQL56:
		lines = append(lines, "log_slave_updates=ON")
		if o.GTID {
			lines = append(lines, "gtid_mode=ON", "enforce_gtid_consistency=ON")
		}
	}
	return lines
}
