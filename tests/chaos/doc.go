// Command chaos has several pairs of real servers seeded again and again while service, agents, tools, servers and
// connections are ended, stopped and cut, persons abort and retry, and the sources are written to. Every seed must end, and
// when it has ended the target must be a true replica, or have its old data, or be empty and say so, with nothing left of
// the seed on either host.
//
//	script/chaos --seed 4711 --minutes 10
//
// What is done to whom and when follows from the number alone (plan.go), so that a failure can be run again by the same
// plan; what the machine does meanwhile is its own affair. On failure everything is left in the directory that is printed.
package main
