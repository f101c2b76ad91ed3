package agent

import (
	"fmt"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// OldDataText says in a sentence what became of the data that the target held before the seed; "" when nothing was said.
func (s *Seed) OldDataText() string {
	host, at := s.TargetHost, s.Engine.OldDataAt
	switch s.Engine.OldData {
	case agentapi.OldDataInPlace:
		return fmt.Sprintf("Old data of %s is in place", host)
	case agentapi.OldDataAside:
		if at == "" {
			return fmt.Sprintf("Old data of %s is kept beside the new", host)
		}
		return fmt.Sprintf("Old data of %s is kept in %s", host, at)
	case agentapi.OldDataPutBack:
		return fmt.Sprintf("Old data of %s is back in place", host)
	case agentapi.OldDataRemoved:
		return fmt.Sprintf("Old data of %s was removed after the new data was proven", host)
	case agentapi.OldDataErased:
		if s.Method == agentapi.Mysqldump || s.Method == agentapi.Mydumper {
			return fmt.Sprintf("Old data of %s was removed when the dump had been proven complete", host)
		}
		return fmt.Sprintf("Old data of %s was erased before the new data is proven: the disk does not hold both", host)
	}
	return ""
}

// oldData takes in what the target says of its old data; each change is a row of the history.
func (d *decider) oldData(status Status, state agentapi.OldData, at string) {
	es := &d.seed.Engine
	if state == "" || state == es.OldData && at == es.OldDataAt {
		return
	}
	if _, err := agentapi.ParseOldData(string(state)); err != nil { // an agent newer than this service
		return
	}
	es.OldData, es.OldDataAt = state, at
	d.row(d.seed.TargetHost, status, d.seed.OldDataText())
}
