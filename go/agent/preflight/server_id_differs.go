package preflight

var serverIDDiffers = check{
	name:   "server-id-differs",
	about:  "server_id is set and differs; fails otherwise, because a replica skips what bears its own ID.",
	needed: "two servers with a server_id of their own",
	run: func(f *facts) verdict {
		t, s, v, missing := bothServers(f)
		if missing {
			return v
		}
		if t != f.target.mysql && t.ServerID == 0 {
			return warn("compare server_id by hand", "not known: MySQL on %s does not run, says its agent", f.target.name)
		}
		target, source := t.ServerID, s.ServerID
		if target == source || target == 0 || source == 0 {
			return fail("set another server_id in the target's configuration and restart it", "server_id is %d on the target and %d on the source", target, source)
		}
		return pass("server_id is %d on the target and %d on the source", target, source)
	},
}
