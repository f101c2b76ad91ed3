// Package dumpfile is a dump on disk: one file of zstd frames, one after another, so that any zstd tool gives back the whole
// dump, and beside it an index that says what each frame holds. The index is written last, by rename, after the data has
// reached the disk: where there is an index, the dump is complete.
//
// Writing compresses in a goroutine of its own and holds a bounded number of bytes whatever is written. Reading is by
// frame, from many goroutines. It imports the zstd and hash modules and the standard library.
package dumpfile
