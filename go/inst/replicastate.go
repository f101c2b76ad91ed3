package inst

import (
	"context"
	"fmt"
)

const hintPurged = "the source's binary logs did not reach back to the copy: let them be kept longer (binlog_expire_logs_seconds or expire_logs_days), then seed again"

// ReplicaState reads the gate: threads, errors, lag; of the replication from source. ErrNotReplica
// is wrapped when the server does not replicate from it.
func (t *Topology) ReplicaState(ctx context.Context, target, source Address) (*ReplicaState, error) {
	file, pos := t.sourceNow(ctx, source) // first: a replica that is not behind has read this far afterwards
	s, err := t.open(ctx, "read replica state", target)
	if err != nil {
		return nil, err
	}
	defer s.close()
	all, err := s.replications(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].of(source) {
			state := all[i].ReplicaState
			state.SourceNowFile, state.SourceNowPos = file, pos
			return &state, nil
		}
	}
	e := &Error{Code: CodeNotReplica, Op: s.op, Host: target.String(), Err: ErrNotReplica}
	if len(all) > 0 {
		other := Address{Host: all[0].SourceHost, Port: all[0].SourcePort}
		e.Text = fmt.Sprintf("it replicates from %s, not from %s", other, source)
	}
	return nil, e
}

// sourceNow is where the source writes; unknown when it does not answer at once, for the replica's own words count more.
func (t *Topology) sourceNow(ctx context.Context, source Address) (file string, pos int64) {
	ctx, cancel := context.WithTimeout(ctx, t.opt.ConnectTimeout)
	defer cancel()
	s, err := t.open(ctx, "read binary log position", source)
	if err != nil {
		return "", 0
	}
	defer s.close()
	file, pos, err = s.binlogPosition(ctx)
	if err != nil {
		return "", 0
	}
	return file, pos
}
