// Package inst is MySQL and MariaDB as the service sees them: versions and flavours, GTID sets, the statements that differ
// between servers, reading a server's state and connecting a replica. It imports agentapi, SQL drivers and the standard
// library; never the engine's parts.
package inst
