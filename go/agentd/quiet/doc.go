// Package quiet keeps a copy of a server's files from working as the source does: a server that is started on it as it is
// would run the source's events at once, replicate from the source's source, and write what the source writes as well.
//
// MariaDB: Settle makes the copy what a replica's data are before any server runs on it. The server's own program is run on
// the copy once in bootstrap mode: no network, no events, no replication, statements from its standard input. That disables
// the events as replication would have made them (DISABLE ON SLAVE), and it proves that the program can start on the copy
// while the old data is still in use: a copy that it can't open never takes the place of anything. Note remembers the
// program while the server runs.
//
// MySQL has no such mode. BeforeSwap persists on the running target (Hush) that the next start is one without events and
// replication; mysqld-auto.cnf, where that stands, goes over to the new data. AfterSwap disables the events and forgets the
// channels (AsReplica), and takes the persisted variables back (Noisy); Undo does that on old data that were put back.
// Where no server ran on old data, and before MySQL 8.0, AfterSwap is all that can be done: events may run for the moment
// between the start and it, and a copy that began to replicate is refused.
//
// It imports agentd/host, agentd/method and agentd/method/dumpsql.
package quiet
