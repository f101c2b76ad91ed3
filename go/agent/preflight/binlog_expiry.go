package preflight

import "time"

var binlogExpiry = check{
	name: "binlog-expiry",
	about: "Warns when the source's binary logs expire sooner than the copy is likely to take (reckoned with 10 MiB/s, twice over, and " +
		"at least an hour): the replica could not catch up then.",
	needed: "binary logs that are kept for longer than the copy takes",
	run: func(f *facts) verdict {
		if v, missing := noMySQL(f.source); missing {
			return v.softer()
		}
		kept := time.Duration(f.source.mysql.BinlogExpireSeconds) * time.Second
		if kept == 0 {
			return pass("%s keeps its binary logs", f.source.name)
		}
		bytes, _ := userBytes(f.source)
		if physical(f) && f.source.data != nil {
			bytes = max(bytes, f.source.data.MySQLDatadirDiskUsed)
		}
		rate := max(f.policy.CopyBytesPerSecond, 1)
		takes := time.Duration(bytes/rate) * time.Second
		if kept < max(2*takes, time.Hour) {
			return warn("raise binlog_expire_logs_seconds (expire_logs_days on older servers) at the source for the time of the seed",
				"%s keeps its binary logs for %v", f.source.name, kept).need("more than %v: copying %s may take %v", max(2*takes, time.Hour), size(bytes), takes)
		}
		return pass("%s keeps its binary logs for %v, copying %s may take %v", f.source.name, kept, size(bytes), takes)
	},
}
