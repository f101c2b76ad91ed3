// Package stream carries the output of a backup tool on one host to a tool on another: between our agents in frames over TLS
// (Send and Receiver), with agents of others as the plain bytes of socat (SendPlain and PlainReceiver). docs/stream.md is
// the page for people, with the figures.
//
// It imports agentd/method for the type of a stage's error, and nothing else of ours.
//
// # Why a receiver cannot mistake a cut stream for a whole one
//
//  1. Receive returns nil only after finish, finish is reached only by an end record, and the end record holds the number
//     of bytes and the hash of all that the sender read from its tool. What was written to dst has to have both.
//  2. An end record is made in one place, pull, after src's end and after ended - the sending tool's exit - was nil. A tool
//     that is cut, killed, or fails after its last byte makes an abort record or, with its agent dead, nothing.
//  3. Nothing else looks like an end. A closed connection, clean or not, is a broken connection: the receiver waits for the
//     sender to come back, and after Patience that is an error.
//  4. Nobody else can write one: a connection counts only when the other end has proven in the TLS 1.3 handshake that it has
//     the private key that is made from the stream's secret, the seed and its role. The record of another stream is under
//     other keys, and a repeated or shifted one within a stream breaks TLS.
//  5. Resuming adds and loses nothing: the receiver tells how much it has handed to dst, payload is taken only at exactly
//     that offset, and the sender keeps everything that was not acknowledged. Connections are served one after the other. A
//     sender that was started again has another name, and is not taken once a byte was received.
//  6. The receiver's own tool counts as well: the verdict is good only when ended of that side was nil, and Send returns nil
//     only after it has read that verdict.
//
// One asymmetry cannot be removed: when the line dies for good between a good verdict and its arrival, the receiver is right
// to call the copy whole, and the sender, who cannot know, fails. The other way round does not exist.
//
// The plain stream has no record. With TLS its end is the other side's close-notify, without it a mere closed connection;
// what it can do is to hold back the last byte until the sending tool has ended well, so that a failed tool's archive is not
// whole. The caller has to prove what it received.
//
// # Goroutines and memory
//
// A sender reads its tool in one goroutine, sends in another, and listens in a third; a receiver has one for each connection
// that did not prove yet who it is (bounded), and one that reads and writes. All end with Send and Receive, except one that
// hangs in the Read or Write of a tool's pipe that can be neither given a deadline nor closed. Memory is the sender's window,
// a frame or two, and zstd's tables.
package stream
