// Package leader elects the node that steps seeds: a lease in the backend, prolonged while the node lives.
//
// # Why it is safe
//
// Two things are promised. At any moment at most one node believes that it leads, as far as clocks run evenly; and whatever
// clocks, pauses and networks do, nothing that a node writes after another took over changes anything.
//
// The first comes from judging one lease by two clocks, each only against itself. The database's clock alone decides when
// the lease is over for others: expires_at is set and compared there. The holder counts from before it sent its request, on
// its monotonic clock, and so always stops believing first:
//
//	node A      send                                   A stops believing
//	  |----------|=======================================|
//	                 \                                      ^ TTL minus a margin after "send"
//	database          `--| lease set                            | lease over
//	                     |======================================|     \
//	                                                                   `--- node B may take it
//	time ------------------------------------------------------------------------------------->
//
// "Lease set" comes after "send", so "lease over" comes after "stops believing"; the margin is for clocks that run at
// different speeds. An answer that never comes, or comes late, prolongs nothing. A node that was paused finds, when it goes
// on, that its monotonic clock has moved past the end.
//
// The second comes from the term. It grows by one with each change of hands (also when a node takes its own lease anew
// after it ran out), and each write of the engine carries the term under which it was decided. The store compares it with
// the stored one inside the write's transaction, holding a shared lock on the lease's row:
//
//	A: paused between "I lead, term 7" and its write        B: waits until expires_at, takes the lease, term 8
//	A goes on, writes with term 7  ->  stored term is 8  ->  ErrFenced, nothing written
//
//	A: write with term 7 has checked the term, not yet committed
//	B: take-over needs the row's exclusive lock  ->  waits for A's commit  ->  term 8; B then reads what A wrote
//
// So writes are ordered: all of term 7, then all of term 8. What a paused node can still do is call an agent; agents refuse
// an older attempt, and the attempt's number was raised by a write. A machine whose monotonic clock stands still during a
// pause (a suspended virtual machine) may believe for too long; the term catches what it then writes.
//
// # What nodes that do not lead may write
//
// A person's request may come to any node, and that node writes it: start a seed, abort, retry, release, bandwidth. Such a
// write needs no lease, because nothing but the database decides it. A person's move follows from the seed's row alone (no
// agent was asked, nothing is assumed about who runs what), and is written only if the row still has the version that it
// followed from. So it falls between two writes of the leader, never into one; the leader's own write, decided before it,
// is refused by its version, and the leader reads the row again. Start is one transaction that excludes every other start
// and takes none of its conditions from outside. What moves a seed because of an answer, of time or of the count of retries
// stays with the leader, under its term. Taking no lock on the lease's row, a node that is paused in a person's write does
// not hold up the lease.
//
// What a paused node can still do: write the move late. Each request has a deadline (30 s; a start 3 min) that is looked at
// before each transaction and again before its commit, by the monotonic clock, which goes on while a process is stopped.
// A node that was stopped inside a transaction finds it rolled back: the server ends sessions that say nothing for
// store.SessionIdle. So an abort that somebody gave up on takes effect at most that much after its deadline, if the row has
// not moved since; and what it does then is what the person asked for.
//
// The leader finds changed rows by their versions, once a second, and is woken for agents' call-backs that other nodes got
// (Store.WorkVersions, Store.WakeSeed): no node talks to another.
//
// # When the backend itself fails over
//
// The term is as durable as the database's commits: a fail-over to a server that had not received them may set it back, and
// then two nodes write under one term. So replication of the backend must lose nothing that was committed. With MySQL Group
// Replication in single-primary mode that holds, if two things are seen to:
//
//   - The new primary must have applied everything before it serves anyone: group_replication_consistency of
//     BEFORE_ON_PRIMARY_FAILOVER (the default since 8.4) or stronger. The fence is a read; with EVENTUAL a new primary that
//     is still applying might show term 7 to a node whose term 7 was followed by 8, and certification does not look at reads.
//   - An old primary that is cut off must not give out the lease. It cannot: taking or prolonging it is a write, a commit
//     needs the majority, and the majority is where the new primary is. Until it notices, it lets its clients wait; with
//     group_replication_unreachable_majority_timeout set they get an error, and group_replication_exit_state_action
//     (OFFLINE_MODE, the default since 8.4) sends them away. This is for going on soon, not for safety: a commit that was
//     waiting there is rolled back when the server finds that it was expelled, or goes through if the group has had no other
//     primary meanwhile.
//
// expires_at was set by the old primary's clock and is compared with the new one's. A clock that is ahead makes the lease
// end sooner than its holder believes; then two nodes may believe for as long as the clocks differ, and the term tells them
// apart. One that is behind keeps others waiting for as long.
//
// Where every server takes writes (Galera), the shared lock on the lease's row holds on one server only: all nodes must
// write to the same one; see docs/high-availability.md.
//
// On its end Run gives the lease back, so another node takes over at its next look instead of after the TTL.
//
// The package imports agent's domain types and the standard library.
package leader
