package preflight

import (
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agent/estimate"
)

var binlogExpiry = check{
	name: "binlog-expiry",
	about: "Warns when the source's binary logs expire sooner than the seed is likely to take (as estimated from earlier seeds or from " +
		"defaults, twice over, and at least an hour): the replica could not catch up then.",
	needed: "binary logs that are kept for longer than the seed takes",
	run: func(f *facts) verdict {
		if v, missing := noMySQL(f.source); missing {
			return v.softer()
		}
		kept := time.Duration(f.source.mysql.BinlogExpireSeconds) * time.Second
		if kept == 0 {
			return pass("%s keeps its binary logs", f.source.name)
		}
		bytes := sourceBytes(f)
		takes := time.Duration(0)
		if e, ok := estimate.Whole(f.method, bytes, f.learned); ok {
			takes = time.Duration(e.Seconds) * time.Second
		}
		if kept < max(2*takes, time.Hour) {
			return warn("raise binlog_expire_logs_seconds (expire_logs_days on older servers) at the source for the time of the seed",
				"%s keeps its binary logs for %v", f.source.name, kept).need("more than %v: a seed of %s may take %v", max(2*takes, time.Hour), size(bytes), takes)
		}
		return pass("%s keeps its binary logs for %v, a seed of %s may take %v", f.source.name, kept, size(bytes), takes)
	},
}

// sourceBytes is how large the source's data is, as far as it is known.
func sourceBytes(f *facts) int64 {
	bytes, _ := userBytes(f.source)
	if f.source.data != nil {
		bytes = max(bytes, f.source.data.MySQLDatadirDiskUsed)
	}
	return bytes
}
