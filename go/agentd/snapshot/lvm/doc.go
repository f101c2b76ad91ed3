// Package lvm makes snapshots of logical volumes with LVM's own programs: lvs, lvcreate, mount, umount, lvremove.
//
// # What was seen (Debian 12, LVM 2.03.16, Linux 6.1; script/test-lvm makes it again)
//
//   - lvcreate freezes the file system while it works, so what was flushed before is in the snapshot.
//   - Mounted ro (with nouuid for XFS), the journal is replayed on the snapshot: "Starting recovery", and the next mount says
//     "Ending clean mount". With norecovery the kernel says "Filesystem will be inconsistent".
//   - A snapshot that got full has I as fifth letter of lv_attr and 100.00 as snap_percent; reading it gives I/O errors, from
//     memory the files can still be read for a while: only lvs tells.
//   - A thin snapshot is made without a size, is left inactive unless asked otherwise, and fills its pool.
//
// It imports agentapi and agentd/snapshot.
package lvm
