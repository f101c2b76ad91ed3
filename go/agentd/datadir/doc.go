// Package datadir replaces a server's data directory and is never the reason that there is none: keep, prove, swap.
//
// # Where things lie
//
// D is the data directory without links. There are two ways to exchange it. As a whole, by renaming, where a directory can be
// made beside it on the same file system:
//
//	D.seed-7.new    what is received, the new data
//	D.seed-7.old    the old data while it is aside
//	D.seed-7.bad1   what was in D and nobody wants: refused new data, or what an init script made while D was away
//
// Entry by entry, where D is a mount point, or the agent may not write beside it: the same as D/.seed-7.new, D/.seed-7.old,
// D/.seed-7.bad1. All entries of D count but these, lost+found, and mount points of separate directories. Each separate
// directory (redo, undo, system tablespace, doublewrite, Aria log, binary and relay logs) is exchanged entry by entry too, by
// the names of its kind of files; so are single tablespaces that lie elsewhere (DATA DIRECTORY), by their very names.
//
// A hidden directory is what servers bear: MySQL 9.7 neither lists it nor looks for tablespaces in it when it starts;
// MariaDB 10.11 starts, and shows it in SHOW DATABASES as `#mysql50#.seed-7.new` as long as it is there.
//
// # The new data
//
// It arrives as one flat directory: each file where it is without any separate directories, that is what mariabackup
// --prepare and CLONE ... DATA DIRECTORY leave. An InnoDB table with DATA DIRECTORY is SCHEMA/TABLE.ibd there, on MariaDB with
// its .isl beside. Swap makes it fit the target while MySQL still runs: takes out what is not carried over (see own and
// notCarried), lays each kind of file where this target's configuration wants it, sets owner and modes, syncs it. A
// tablespace of a .isl goes to the path it names if its directory is on this host and no file of others is there, else
// to D.external: MariaDB refuses ALTER TABLE where it is within D, and dies of ALTER TABLE where it is at its usual
// place. Binary logs do not come along: data that needs them to recover (a copy of a running server with prepared
// transactions) has to be recovered before Swap.
//
// # Phases
//
// The plan in the seed's journal has a phase, written before anything of that phase is done. Every phase can be begun again
// after it was stopped anywhere; what an entry is follows from the phase and from where it lies.
//
//	phase      in D                             aside                what a crash leaves to do
//	receiving  old                              -                    Swap goes on, PutBack removes the new
//	erasing    old until the mark is in D,      -                    Begin goes on; PutBack: without the mark the old is
//	           then less and less of it                              whole and started, with it the rest is removed
//	old-out    old that was not yet moved       old that was         Swap moves the rest; PutBack moves it back
//	new-in     new that was already moved       all of the old       Swap moves the rest; PutBack rejects it, see new-out
//	swapped    new                              all of the old       Swap starts MySQL; PutBack rejects the new
//	new-out    new that was not yet moved away  all of the old       PutBack moves the rest away
//	old-back   old that was already moved       old that was not     PutBack moves the rest
//	restored   old                              -                    PutBack removes the new and starts MySQL
//	over       old                              -                    nothing
//	proven     new                              less and less        Drop removes the rest; PutBack does nothing
//	dropped    new                              -                    nothing
//
//	Swap:    receiving > old-out > new-in > swapped
//	Drop:    swapped > proven > dropped
//	PutBack: receiving, erasing > restored > over;  old-out > old-back;  new-in, swapped > new-out > old-back > restored > over
//
// Within old-out and new-out D goes first, within new-in and old-back it comes last: no server finds a data directory whose
// other parts are missing. Where D itself stays, it belongs to root alone meanwhile (if the agent is root), so that no
// server can be started on a half of it. What is in the way all the same was made by a server or an init script since, and
// goes to bad; only in directories that others use too it is an error.
//
// # Invariants
//
//   - No rename ever replaces anything. Only directories named *.seed-N.{new,old,bad*} are removed, never one with a mount in
//     it; the exception is erasing, which the configuration must allow and a mark in D precedes.
//   - Before each phase that moves: MySQL was stopped, no process has a file of the data open for writing, nobody holds
//     InnoDB's lock. A supervisor that starts MySQL again makes that an error before anything moves.
//   - The old data is removed only by Drop, and the new data is rejected only while all of the old is aside.
//   - Renames are on the disk before the next phase is.
//   - Data that was erased can't be put back: PutBack leaves D empty but for the server's own files and the mark, and MySQL
//     down.
//
// It imports agentapi, agentd/host, agentd/method and agentd/snapshot.
package datadir
