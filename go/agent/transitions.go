package agent

import (
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Event is why a seed moves.
type Event string

const (
	EventAccepted       Event = "accepted"        // every agent of the stage accepted its start
	EventStartFailed    Event = "start failed"    // one refused, or could not be reached
	EventStageCompleted Event = "stage completed" // by every agent of the stage
	EventStageFailed    Event = "stage failed"    // reported, forgotten, unreachable for too long, or without progress
	EventRetry          Event = "retry"           // retries are left and the wait is over
	EventGivenUp        Event = "given up"        // retries are used up, or trying again cannot help
	EventAbortAsked     Event = "abort asked"     // by a person
	EventAbortConfirmed Event = "abort confirmed" // by every agent
	EventAbortForced    Event = "abort forced"    // by a person, for agents that do not answer
	EventRetryAsked     Event = "retry asked"     // by a person, for a held seed
)

// Move is one line of the transition table.
type Move struct {
	Stage    Stage
	Status   Status
	Event    Event
	ToStage  Stage
	ToStatus Status
}

// Moves is the transition table: every legal move of a seed, and no other is ever recorded. docs/states.md is made from it.
var Moves = []Move{
	{agentapi.Prepare, agentapi.Scheduled, EventAccepted, agentapi.Prepare, agentapi.Running},
	{agentapi.Prepare, agentapi.Scheduled, EventStartFailed, agentapi.Prepare, agentapi.Error},
	{agentapi.Prepare, agentapi.Scheduled, EventAbortAsked, agentapi.Prepare, agentapi.Aborting},
	{agentapi.Prepare, agentapi.Running, EventStageCompleted, agentapi.Backup, agentapi.Scheduled},
	{agentapi.Prepare, agentapi.Running, EventStageFailed, agentapi.Prepare, agentapi.Error},
	{agentapi.Prepare, agentapi.Running, EventAbortAsked, agentapi.Prepare, agentapi.Aborting},
	{agentapi.Prepare, agentapi.Error, EventRetry, agentapi.Prepare, agentapi.Scheduled},
	{agentapi.Prepare, agentapi.Error, EventGivenUp, agentapi.Prepare, agentapi.Failed},
	{agentapi.Prepare, agentapi.Error, EventAbortAsked, agentapi.Prepare, agentapi.Aborting},
	{agentapi.Prepare, agentapi.Aborting, EventAbortConfirmed, agentapi.Prepare, agentapi.Failed},
	{agentapi.Prepare, agentapi.Aborting, EventAbortForced, agentapi.Prepare, agentapi.Failed},

	{agentapi.Backup, agentapi.Scheduled, EventAccepted, agentapi.Backup, agentapi.Running},
	{agentapi.Backup, agentapi.Scheduled, EventStartFailed, agentapi.Backup, agentapi.Error},
	{agentapi.Backup, agentapi.Scheduled, EventAbortAsked, agentapi.Backup, agentapi.Aborting},
	{agentapi.Backup, agentapi.Running, EventStageCompleted, agentapi.Restore, agentapi.Scheduled},
	{agentapi.Backup, agentapi.Running, EventStageFailed, agentapi.Backup, agentapi.Error},
	{agentapi.Backup, agentapi.Running, EventAbortAsked, agentapi.Backup, agentapi.Aborting},
	// Prepare opens the receiving end, so an error in Backup starts there again.
	{agentapi.Backup, agentapi.Error, EventRetry, agentapi.Prepare, agentapi.Scheduled},
	{agentapi.Backup, agentapi.Error, EventGivenUp, agentapi.Backup, agentapi.Failed},
	{agentapi.Backup, agentapi.Error, EventAbortAsked, agentapi.Backup, agentapi.Aborting},
	{agentapi.Backup, agentapi.Aborting, EventAbortConfirmed, agentapi.Backup, agentapi.Failed},
	{agentapi.Backup, agentapi.Aborting, EventAbortForced, agentapi.Backup, agentapi.Failed},

	{agentapi.Restore, agentapi.Scheduled, EventAccepted, agentapi.Restore, agentapi.Running},
	{agentapi.Restore, agentapi.Scheduled, EventStartFailed, agentapi.Restore, agentapi.Error},
	{agentapi.Restore, agentapi.Scheduled, EventAbortAsked, agentapi.Restore, agentapi.Aborting},
	{agentapi.Restore, agentapi.Running, EventStageCompleted, agentapi.ConnectSlave, agentapi.Scheduled},
	{agentapi.Restore, agentapi.Running, EventStageFailed, agentapi.Restore, agentapi.Error},
	{agentapi.Restore, agentapi.Running, EventAbortAsked, agentapi.Restore, agentapi.Aborting},
	{agentapi.Restore, agentapi.Error, EventRetry, agentapi.Restore, agentapi.Scheduled},
	{agentapi.Restore, agentapi.Error, EventGivenUp, agentapi.Restore, agentapi.Failed},
	{agentapi.Restore, agentapi.Error, EventAbortAsked, agentapi.Restore, agentapi.Aborting},
	{agentapi.Restore, agentapi.Aborting, EventAbortConfirmed, agentapi.Restore, agentapi.Failed},
	{agentapi.Restore, agentapi.Aborting, EventAbortForced, agentapi.Restore, agentapi.Failed},
	{agentapi.Restore, agentapi.Failed, EventRetryAsked, agentapi.Restore, agentapi.Scheduled},

	{agentapi.ConnectSlave, agentapi.Scheduled, EventAccepted, agentapi.ConnectSlave, agentapi.Running},
	{agentapi.ConnectSlave, agentapi.Scheduled, EventStartFailed, agentapi.ConnectSlave, agentapi.Error},
	{agentapi.ConnectSlave, agentapi.Scheduled, EventAbortAsked, agentapi.ConnectSlave, agentapi.Aborting},
	{agentapi.ConnectSlave, agentapi.Running, EventStageCompleted, agentapi.Cleanup, agentapi.Scheduled},
	{agentapi.ConnectSlave, agentapi.Running, EventStageFailed, agentapi.ConnectSlave, agentapi.Error},
	{agentapi.ConnectSlave, agentapi.Running, EventAbortAsked, agentapi.ConnectSlave, agentapi.Aborting},
	{agentapi.ConnectSlave, agentapi.Error, EventRetry, agentapi.ConnectSlave, agentapi.Scheduled},
	{agentapi.ConnectSlave, agentapi.Error, EventGivenUp, agentapi.ConnectSlave, agentapi.Failed},
	{agentapi.ConnectSlave, agentapi.Error, EventAbortAsked, agentapi.ConnectSlave, agentapi.Aborting},
	{agentapi.ConnectSlave, agentapi.Aborting, EventAbortConfirmed, agentapi.ConnectSlave, agentapi.Failed},
	{agentapi.ConnectSlave, agentapi.Aborting, EventAbortForced, agentapi.ConnectSlave, agentapi.Failed},
	{agentapi.ConnectSlave, agentapi.Failed, EventRetryAsked, agentapi.ConnectSlave, agentapi.Scheduled},

	{agentapi.Cleanup, agentapi.Scheduled, EventAccepted, agentapi.Cleanup, agentapi.Running},
	{agentapi.Cleanup, agentapi.Scheduled, EventStartFailed, agentapi.Cleanup, agentapi.Error},
	{agentapi.Cleanup, agentapi.Scheduled, EventAbortAsked, agentapi.Cleanup, agentapi.Aborting},
	{agentapi.Cleanup, agentapi.Running, EventStageCompleted, agentapi.Cleanup, agentapi.Completed},
	{agentapi.Cleanup, agentapi.Running, EventStageFailed, agentapi.Cleanup, agentapi.Error},
	{agentapi.Cleanup, agentapi.Running, EventAbortAsked, agentapi.Cleanup, agentapi.Aborting},
	{agentapi.Cleanup, agentapi.Error, EventRetry, agentapi.Cleanup, agentapi.Scheduled},
	{agentapi.Cleanup, agentapi.Error, EventGivenUp, agentapi.Cleanup, agentapi.Failed},
	{agentapi.Cleanup, agentapi.Error, EventAbortAsked, agentapi.Cleanup, agentapi.Aborting},
	{agentapi.Cleanup, agentapi.Aborting, EventAbortConfirmed, agentapi.Cleanup, agentapi.Failed},
	{agentapi.Cleanup, agentapi.Aborting, EventAbortForced, agentapi.Cleanup, agentapi.Failed},
	{agentapi.Cleanup, agentapi.Failed, EventRetryAsked, agentapi.Cleanup, agentapi.Scheduled},
}

// next returns where the event takes a seed from that stage and status; an error when the table has no such line.
func next(stage Stage, status Status, event Event) (Stage, Status, error) {
	for _, m := range Moves {
		if m.Stage == stage && m.Status == status && m.Event == event {
			return m.ToStage, m.ToStatus, nil
		}
	}
	return "", "", fmt.Errorf("no move from %s/%s on %q", stage, status, event)
}

// Participants are the sides whose agents take part in the seed's current stage, target first; none in ConnectSlave, which
// the service does itself.
func Participants(s *Seed) []Side {
	switch s.Stage {
	case agentapi.Prepare, agentapi.Cleanup:
		return agentapi.Sides
	case agentapi.Backup:
		if s.Engine.TargetReceives {
			return agentapi.Sides
		}
		return []Side{s.BackupSide}
	case agentapi.Restore:
		return []Side{agentapi.Target}
	}
	return nil
}
