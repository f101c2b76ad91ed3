package preflight

var sourceBinlog = check{
	name:   "source-binlog",
	about:  "The source writes a binary log; fails if it does not, because nothing could replicate from it.",
	needed: "log_bin on at the source",
	run: func(f *facts) verdict {
		if v, missing := noMySQL(f.source); missing {
			return v
		}
		if !f.source.mysql.LogBin {
			return fail("set log_bin in the source's configuration and restart it", "the binary log is off at %s", f.source.name)
		}
		return pass("the binary log is on at %s", f.source.name)
	},
}
