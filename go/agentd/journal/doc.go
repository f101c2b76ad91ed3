// Package journal keeps on disk what the agent must know after its own death: for each seed what was asked, how each stage
// stands, which process groups were started, and what the method wants to remember.
//
// One file a seed (seeds/seed-7.json in the state directory), replaced atomically and synced, file and directory: after a
// crash there is the old text or the new one. A file that cannot be read is put aside under quarantine/ and reported; it
// never keeps the agent from starting. A lock on the directory keeps a second agent out.
//
// It imports agentapi and agentd/procgroup.
package journal
