// Package quiet makes a copy of a MariaDB server's files what a replica's are before any server runs on them. A server that
// is started on the copy as it is would run the source's events at once, and write what the source writes as well.
//
// The server's own program is run on the copy once in bootstrap mode: no network, no events, no replication, statements
// from its standard input. That disables the events as replication would have made them (DISABLE ON SLAVE), and it proves
// that the program can start on the copy while the old data is still in use: a copy that it can't open never takes the
// place of anything.
//
// It imports agentd/method and agentd/host.
package quiet
