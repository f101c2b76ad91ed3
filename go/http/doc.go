// Package http is the service's face: the API for people, pages and scripts, the agents' door, server-sent events and the
// first pages. docs/openapi.yaml describes every path; a contract test holds the two together.
//
// It imports the domain types of agent, agentapi, seedapi and resources, and what it needs of engine, registry, store and
// agents' client are the interfaces of ports.go. It never touches SQL or MySQL.
//
// How a request goes: request ID, access log and metrics, panic guard, headers (middleware.go); who is asking (auth.go);
// then the route's own guard for everything that changes something (guard.go); then one handler, which returns a value or
// an error. Values become JSON and errors become answers in one place each (answer.go, errors.go).
package http
