// Package agentd is the agent: it puts configuration, journal, runner, host, HTTP listener and the link to the service
// together. [App] is what main and tests run.
//
// Order of a start: state directory and its lock, token, journal (what an agent before this one left running is ended),
// listener, registration - so the service's call-back finds a listening agent. A stop goes the other way; stages that run
// are ended and say "agent was stopped".
package agentd
