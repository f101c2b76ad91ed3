package preflight

var targetNotReplica = check{
	name:   "target-not-replica",
	about:  "The target is not a replica already; fails if it is, so that no working replica is erased by mistake.",
	needed: "a target that replicates from nobody",
	run: func(f *facts) verdict {
		if v, missing := noMySQL(f.target); missing {
			return v
		}
		if r := f.target.mysql.Replica; r != nil {
			return fail("if it is to be built anew, run STOP REPLICA and RESET REPLICA ALL (STOP SLAVE and RESET SLAVE ALL on older servers) there first",
				"%s is a replica of %s", f.target.name, r.SourceHost)
		}
		return pass("%s is not a replica", f.target.name)
	},
}
