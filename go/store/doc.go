// Package store keeps seeds, agents, history, audit and the leader's lease in SQLite or in MySQL/MariaDB. It is the only
// package that knows SQL; it implements agent.Store and agent.Queries, and imports of ours agent's domain types and agentapi.
//
// Invariants:
//
//   - A method's writes are one transaction: all or nothing, whatever fails or dies.
//   - A seed's row is only written with the version that was read (compare and set); the version grows by one each time.
//   - Two transactions that decide from many rows (CreateSeed, taking a failed seed up again, ForgetHosts) exclude each other:
//     SQLite has one writer at a time, MySQL locks row 1 of seed_guard first, so this holds between nodes as well.
//   - Moves of different seeds that are asked for at the same time are written in one transaction, each with its own outcome:
//     what one of them can't have together with the others, it gets or is refused alone (see gather.go).
//   - A write under a lease (Fence.Term > 0) holds a shared lock on the lease's row until it commits, so a take-over waits for
//     it, and every write after a take-over sees the new term and is refused.
//   - Locks are taken in one order: guard, lease, seed rows, others. What deadlocks all the same is done again, as long as
//     nothing can have been committed.
//
// Times are UTC with microseconds on both dialects, sent and read as text, so neither a driver's nor a session's time zone
// matters; the zero time is NULL. Text that is not UTF-8 is made so before it is written.
//
// SQLite runs in WAL mode with synchronous=FULL: a seed's row announces what is about to be done on other machines, and a
// power cut must not make the service forget an announcement that an agent has already acted on. It costs one fsync for
// each transaction; a seed makes some dozens.
package store
