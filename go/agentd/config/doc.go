// Package config reads the agent's configuration: one TOML file with the sections and keys of the "v2" agent, whose file
// works unchanged, and a few of ours. A Config is read once and never changed afterwards. Secrets are of type [Secret] and
// do not print.
//
// A key that nobody knows is a warning with the nearest known name; a wrong type or value is an error that names key, value
// and what is allowed. ${NAME} in a string is replaced from the environment. It imports nothing of ours.
package config
