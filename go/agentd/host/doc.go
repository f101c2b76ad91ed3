// Package host is what the agent knows of, and does to, the machine it runs on: facts for get-agent-data (CPU, memory,
// disks, MySQL), connections to MySQL with the agent's account, MySQL's service commands, custom commands and LVM.
//
// Programs are started with argument vectors, never through a shell, with bounded output and a time limit. Facts that cost
// time (sizes of directories and schemas, tool versions) are cached and refreshed beside the caller, so that asking an
// agent for its data never waits for a walk through a big data directory. Secrets reach client programs in files of mode
// 0600 only.
//
// It imports agentapi and agentd/config's values by its callers only: nothing here knows of seeds.
package host
