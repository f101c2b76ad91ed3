package inst

import "context"

const hintPurged = "the source's binary logs did not reach back to the copy: let them be kept longer (binlog_expire_logs_seconds or expire_logs_days), then seed again"

// ReplicaState reads the gate: threads, errors, lag; of the replication from source, if there are several. ErrNotReplica
// is wrapped when the server replicates from nobody.
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
	if len(all) == 0 {
		return nil, &Error{Code: CodeNotReplica, Op: s.op, Host: target.String(), Err: ErrNotReplica}
	}
	best := &all[0]
	for i := range all {
		if all[i].of(source) {
			best = &all[i]
			break
		}
	}
	best.SourceNowFile, best.SourceNowPos = file, pos
	return &best.ReplicaState, nil
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
