// Package server is the agent's HTTP listener: the paths, words and bodies that the "v2" agents speak, and a few of ours.
// It translates between requests and agentd/runner, agentd/host; it decides nothing.
//
// Errors are answered with status 500 and an agentapi.APIResponse, as v2 callers expect; errors of ours carry ErrorCode and
// Hint besides. Tokens, and queries with them, are never logged.
package server
