// Package inst is MySQL and MariaDB as the service sees them: versions and flavours, the statements that differ between
// servers, reading a server's state, connecting a replica, and judging it afterwards. GTID sets are in package gtid below.
//
// It imports agentapi, SQL drivers and the standard library; never the engine's parts.
//
// Invariants:
//
//   - A Topology keeps no connection: each call opens its own, and every statement on it has a deadline.
//   - Nothing is taken for absent that could not be seen: an account that may not see all tables is an error.
//   - A target that has replicas, or is the source itself, is never changed.
//   - A replica that has gone on from the copy's position is never set back to it.
//   - Passwords are in no error and in no step: statements are named by their first words, and what a server says of a
//     statement with a password is cut.
//   - A MariaDB GTID never reaches gtid_purged, nor a MySQL one gtid_slave_pos.
package inst
