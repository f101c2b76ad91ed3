// Package btrfs makes snapshots of Btrfs subvolumes with the program btrfs. A snapshot is a directory beside the subvolume, or
// hidden in it where there is no beside: it needs no mount, sets no room aside and can't overflow.
//
// A subvolume is known by its root directory, whose inode number is 256 on a Btrfs. A snapshot holds no subvolumes that lie
// inside of the one it was made of: a data directory with such a thing in it is refused.
//
// It imports agentapi and agentd/snapshot.
package btrfs
