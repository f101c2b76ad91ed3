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
// The term is as durable as the database's commits: a fail-over to a server that had not received them may set it back.
// Replication of the backend must be synchronous (InnoDB Cluster, Galera) or the fail-over lose nothing.
//
// On its end Run gives the lease back, so another node takes over at its next look instead of after the TTL.
//
// The package imports agent's domain types and the standard library.
package leader
