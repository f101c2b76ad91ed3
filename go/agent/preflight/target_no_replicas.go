package preflight

var targetNoReplicas = check{
	name:   "target-no-replicas",
	about:  "Nothing replicates from the target; fails if something does, because it would break.",
	needed: "a target from which nobody replicates",
	run: func(f *facts) verdict {
		if v, missing := noTarget(f, "point what replicates from it at another server first"); missing {
			return v
		}
		if r := f.target.mysql.Replicas; len(r) > 0 {
			return fail("point these replicas at another server first", "%s replicate from %s: %s",
				count(len(r), "server", "servers"), f.target.name, list(r, 10))
		}
		return pass("nobody replicates from %s", f.target.name)
	},
}
