// Package lvm is the method LVM: a snapshot of the volume on which the source's data directory lies is sent file by file.
//
// The snapshot comes from a provider: LVM, or Btrfs, which shows under the same name on the wire. It is made here, or by the
// operator's command, or is the newest of those that are there.
//
// # What makes a copy good
//
//   - The snapshot holds one moment and the position of that moment. While one is made here, commits are held (BACKUP STAGE on
//     MariaDB, FLUSH TABLES WITH READ LOCK elsewhere), the engine's log is flushed - without that, transactions would be in
//     the snapshot as prepared only, and a server without the source's binary log does not start with those - the position is
//     read, and the lock is let go as soon as the snapshot is there. The lock belongs to a connection that the server closes
//     when nobody speaks on it for a while: no crash of the agent keeps it. One made by others holds a file `metadata`.
//   - It is whole until its last byte was read: it is looked at during the copy and once more before the end is written.
//   - All of it has arrived: count, size and hash of every file.
//
// InnoDB recovers from its log when the target's server starts, as after a crash.
//
// What is remembered before it is made (snapshot, mount) is undone by Cleanup and Release, also by an agent that was restarted.
// LVM's programs are not ended half way by an abort, so they do not run through Work.Run.Command; each has a time limit.
//
// It imports agentapi, agentd/{datadir,filetree,host,method,snapshot,stream}.
package lvm
