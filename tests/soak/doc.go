// Command soak has one pair of real servers seeded without end, by Mysqldump and Xtrabackup in turn, and looks after each
// seed at what service and agents hold: memory, descriptors, goroutines or threads, and the size of the backend database. It
// fails when one of them grows.
//
//	script/soak --minutes 30
//
// Its test does the same to the engine alone, with fake agents, in seconds.
package main
