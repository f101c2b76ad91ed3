// Package cli is the command line of orchestrator-seed: one command per file, named as the API's paths, on go/client only.
//
// A command says what it asks (a client.Call) and how the answer looks to a person (a table function); everything else -
// JSON and YAML, colours, errors and exit statuses - is in one place. Standard output holds the answer and nothing else;
// progress, questions and errors go to standard error.
//
// The service itself is no part of this package: "http" calls Options.Serve, which main provides.
//
// docs/cli.md is generated from the commands: go test ./go/cli -run Docs -update.
package cli
