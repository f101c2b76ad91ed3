// Package sandbox starts real database servers as processes of our own, on loopback addresses, each in a directory of its
// own: what tests, the demo and the benchmark run on. It is an ordinary package: nothing in it needs a *testing.T, the
// helpers in testing.go take the few methods of one that they use.
//
// A server lives in one directory:
//
//	my.cnf            its whole configuration; nothing else is read
//	data/             the data directory; it may be replaced by rename while the server is stopped
//	error.log         its error log
//	start stop status programs that control it, as a host's service manager would (see control.go)
//	mysqld.pid        the process, as written by start
//
// Invariants. Servers listen on 127.0.0.0/8 only. Processes are found by pid file and by the configuration file in their
// command line, never by name. A server that was started by its start program is the same server to Stop, Kill and Close.
// When the process that called Start dies, however it dies, its servers are ended and their directories removed. Data
// directories are copies of a template that is made once per kind and kept in the cache directory.
//
// It may import SQL drivers and the standard library, nothing else of ours.
package sandbox
