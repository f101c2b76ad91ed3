// Command orchestrator-seed is the service and the command line for people.
//
//	orchestrator-seed http          runs the service
//	orchestrator-seed agent-seed    and the other commands talk to one
package main
