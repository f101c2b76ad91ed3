package preflight

var serverIDDiffers = check{
	name:   "server-id-differs",
	about:  "server_id is set and differs; fails otherwise, because a replica skips what bears its own ID.",
	needed: "two servers with a server_id of their own",
	run: func(f *facts) verdict {
		if v, missing := noMySQL(f.target, f.source); missing {
			return v
		}
		target, source := f.target.mysql.ServerID, f.source.mysql.ServerID
		if target == source || target == 0 || source == 0 {
			return fail("set another server_id in the target's configuration and restart it", "server_id is %d on the target and %d on the source", target, source)
		}
		return pass("server_id is %d on the target and %d on the source", target, source)
	},
}
