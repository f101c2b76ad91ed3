// Package faults does to real seeds, one by one, what goes wrong in real life, and looks at what is left: how the seed
// ended and with which words, the data on the target, the source, processes, files, ports and locks. Servers, agents and
// service are processes on loopback addresses; every case has a fleet of its own.
//
//	go test ./tests/faults                  a selection, for every change
//	go test ./tests/faults -args -faults.all   every case
//	script/faults                           every case, or those of one method, and writes docs/reliability.md
package faults
