package faults

// faultNames is the list of faults, in few words.
var faultNames = []struct {
	number int
	name   string
}{
	{1, "kill -9 of the service"}, {2, "SIGTERM of the service"}, {3, "a second service node, split leadership"},
	{4, "the service's database away"}, {5, "kill -9 of the source's agent"}, {6, "kill -9 of the target's agent"},
	{7, "a host restarted: all its processes gone at once, then server and agent started"},
	{8, "kill -9 of a tool, of connections, of a server"}, {9, "tool ends with 0 and cut output"},
	{10, "tool ends with an error after its last byte"}, {11, "tool prints success and ends with an error"},
	{12, "connection of the data reset"}, {13, "connection of the data a black hole"}, {14, "slow, lossy line"},
	{15, "a flipped bit on the line"}, {16, "target's disk full"}, {17, "target's directory read-only"},
	{18, "a stage that hangs without moving"}, {19, "source's binary logs purged during the copy"},
	{20, "source becomes a replica, or read-only, during the copy"}, {21, "DDL and heavy writes on the source during the copy"},
	{22, "a long transaction, a lock on the source"}, {23, "abort in every stage, also with one agent dead"},
	{24, "abort twice, abort after Completed"}, {25, "the same seed twice, two seeds for one target, two for one source"},
	{26, "late commands of older attempts"}, {27, "clock an hour off"}, {28, "wrong replication password"},
	{29, "the target's server does not run after the restore"}, {30, "replication errors 1236 and 1062 after connecting"},
	{31, "thousands of tables"}, {32, "one huge table and many small ones"}, {33, "awkward passwords"},
	{34, "data directory that is a link, a mount point, holds lost+found"}, {35, "separate directories for redo, undo, logs"},
	{36, "objects of every kind equal afterwards"}, {37, "every server flavour and version"}, {38, "IPv6, data port in use"},
	{39, "certificate expired or changed during a seed"}, {40, "agent older or newer than the service"},
}

// elsewhere says where a fault of the list is shown besides the cases of this package, or what is not shown yet.
var elsewhere = map[int]string{
	2:  "SIGTERM of the leader among several nodes: `tests/nodes`",
	3:  "`tests/nodes`: leader killed, paused and stopped, requests through any node, with Mysqldump; fenced writes: `go/leader`, `go/store`, `tests/simulation`",
	4:  "the primary of a replicated backend killed: `tests/nodes`; a server killed between writes, a start before the server's: `go/store`",
	12: "random harm to the stream: `go/agentd/stream/random_test.go`; the same for 13 to 15",
	25: "two starts on two nodes: `go/store`",
	37: "`tests/e2e`: MariaDB 10.11, MySQL 9.7 and 5.6, in the README's table",
	38: "IPv6: `tests/e2e/ipv6_test.go`",
	39: "a renewed certificate is taken without a restart, an expired one refused: `go/agentd/tls_test.go`, `go/http/tls_test.go`; not done to whole seeds, whose stream has a certificate of its own",
	40: "recorded answers of agents of others, words that nobody knows: `go/agentclient`; plain streams to and from real socat: `go/agentd/stream/plain_test.go`; agents that never call back: `tests/e2e`; there is no older release of these agents yet",
}
