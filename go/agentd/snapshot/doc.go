// Package snapshot is what the providers of snapshots (packages lvm and btrfs below it) have in common: the words for volumes
// and snapshots, and the machine's table of mounts.
//
// A provider finds the one volume on which all directories of a server lie, makes a snapshot of it, makes its files
// readable, says whether it is still whole, and removes it. It never removes a snapshot that it did not make for a seed.
// The interface stands with its user, package method/lvm.
//
// It imports nothing else of ours.
package snapshot
