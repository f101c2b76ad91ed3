// Package cloneplugin is the seed method ClonePlugin: the target's MySQL clones the source's by its own clone plugin, beside
// the data it runs on, and is then started on the clone.
//
// Invariants:
//
//   - The clone goes into the directory of the data directory's keeper while the target's MySQL runs on its old data. Only
//     where the disk can't hold both, and only if that was allowed, the server clones over its own data, and that is told
//     before it begins.
//   - A clone counts only when the server itself says that it is complete, and when the source then still has no rows
//     that a clone leaves out (tables of other engines than InnoDB).
//   - A clone goes on in the server when the agent dies: the connection that runs it is in the journal before it begins. A
//     later attempt ends it, or waits for its end; nothing else is ever killed.
//   - A server that starts on a clone would run the source's events and, if the source is a replica, replicate from the
//     source's source. So the first start is a quiet one: both are off by persisted variables that come with the new data,
//     until the events are disabled as on a replica and the replication channels are forgotten.
//   - What was changed on a server (clone_* variables, persisted variables, the plugin) is in the journal before it is
//     changed, and put back at the end, however the seed ends.
//
// It imports agentapi, agentd/datadir, agentd/host and agentd/method.
package cloneplugin
