// Command engine measures how the seed engine and the service bear a large fleet: a cycle of 100, 1,000 and 10,000 active
// seeds with the SQL statements and HTTP calls that it takes, what agents that hang cost the others, and the service as a
// whole - its memory, and its answers to 50 clients while 1,000 seeds run, 10,000 agents are polled and all of them register
// anew within a minute.
//
// Agents are fakes in processes of their own, each with an address of its own on loopback, called over real HTTP. The store is
// the real one on SQLite, MariaDB or MySQL. Statements are counted by the driver (SQLite) or the server (MySQL, MariaDB), calls
// by the agents. Seeds are in Backup and move bytes all the time, so every look has something to store.
//
//	go run ./tests/bench/engine --all
package main
