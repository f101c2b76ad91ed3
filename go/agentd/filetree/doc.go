// Package filetree carries a tree of files that stands still, such as a mounted snapshot, from one host to another: as one
// stream of bytes that holds every file with its hash and ends with what there has to be in all.
//
// The sender lists the tree (Scan) and packs it (Pack); the receiver writes the files while they arrive (Unpack) and has the
// manifest in the end: path, kind, mode, size, time and hash of each. Prove holds a directory against a manifest. What a
// receiver already has, whole, from an earlier attempt is not sent again (PackOptions.Has, UnpackOptions.Have, Log).
// Holes of sparse files stay holes. With programs of others it is a compressed tar (PackTar, UnpackTar).
//
// # The stream
//
// The text of magic, then records of a type byte and what belongs to it: H the head (JSON), D a directory and F a file (its
// entry), C a chunk of the file (offset, length, bytes) in rising order, E the end of the file (hash of its content), S a file
// that the receiver has (its entry, hash), Z the end of all (number of entries, bytes, hash over all entries). Numbers are
// varints. Nothing may follow Z; a stream that ends elsewhere is an error.
//
// A receiver trusts nothing: paths stay inside of its directory (os.Root), names come once, sizes and hashes must fit.
//
// It imports nothing else of ours.
package filetree
