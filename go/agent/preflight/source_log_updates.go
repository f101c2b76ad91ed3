package preflight

var sourceLogUpdates = check{
	name:   "source-log-updates",
	about:  "A source that is itself a replica writes what it replicates to its own binary log; fails if it does not.",
	needed: "log_replica_updates (log_slave_updates) on at a source that is a replica",
	run: func(f *facts) verdict {
		if v, missing := noMySQL(f.source); missing {
			return v
		}
		if f.source.mysql.Replica == nil {
			return pass("%s is not a replica", f.source.name)
		}
		if !f.source.mysql.LogReplicaUpdates {
			return fail("set log_replica_updates (log_slave_updates on older servers) at the source and restart it, or seed from its own source",
				"%s is a replica of %s and does not log what it replicates", f.source.name, f.source.mysql.Replica.SourceHost)
		}
		return pass("%s is a replica of %s and logs what it replicates", f.source.name, f.source.mysql.Replica.SourceHost)
	},
}
