// Package xtrabackup is the seed method Xtrabackup: mariabackup on MariaDB, Percona's xtrabackup on MySQL copies the files of
// the running source, and its stream is unpacked beside the target's data directory while it arrives.
//
// Prepare on the target makes the empty directory and opens the receiving end, which goes on beyond the stage; Backup on the
// source sends into it; Backup on the target, where the service asks for it, waits for it. Restore waits for it too, proves
// what arrived (the tool's own end, the kind of backup, the log up to its end, the position), lets the tool apply the log,
// keeps a copy of the position in the seed's directory, and only then swaps the data directories (package datadir).
//
// A copy counts as complete when the backup tool ended with 0 and with its own words for success, the stream's end record
// came, and the unpacking program ended with 0. With an agent of others there is no end record; then the files that the
// tool writes last must be there.
//
// It imports agentapi, agentd/host, agentd/datadir, agentd/stream and the package method; no driver.
package xtrabackup
