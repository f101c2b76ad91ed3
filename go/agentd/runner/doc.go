// Package runner runs the stages of seeds on this host: it decides which start is accepted, calls the method in a goroutine
// of its own, keeps the journal, owns every process that a method starts, and ends them.
//
// # Invariants
//
//   - At most one stage of a seed runs at a time. A start is known by (seed, stage, attempt): the same again changes
//     nothing, an older one is refused, a newer one first ends what runs.
//   - What is about to run is in the journal before it runs. An end is in the journal as soon as the disk takes it; until
//     then it is in memory and written again every few seconds.
//   - A process of a seed is never left behind: it has a process group of its own that is in the journal, and it carries the
//     seed's mark in its environment. When the stage is over, groups and carriers of the mark are ended. After the agent's
//     own death the next agent does the same from the journal.
//   - "Stop the stage" (abort, newer attempt, release) and "stop the agent" are different: the cause of the stage's context
//     says which, and the stage's last state repeats it.
//   - Nothing a method does can take the agent down: a panic is an error of its stage.
//
// A method must not use Runner.Command for what is to outlive the stage, such as MySQL itself; agentd/host has the service
// commands for that.
//
// It imports agentapi, agentd/journal, agentd/method and agentd/procgroup.
package runner
