// Package config is the service's configuration: a JSON file with orchestrator's key names, read once and never changed
// afterwards. It imports the standard library only.
//
// An orchestrator's own file with hundreds of keys for other parts is accepted: names in orchestratorKeys are ignored, a
// name that nobody knows is a Warning with the nearest known one, a wrong type or value is an error that names key, value
// and what is allowed. The keys table holds every key with its text; docs/configuration.md is generated from it.
package config
