package preflight

var queryLog = check{
	name: "query-log",
	about: "The target's general log shows no passwords: it is off, or the server hides them there. Warns where it is on and shows them: on " +
		"MariaDB always, on MySQL with log_raw.",
	needed: "general_log off on MariaDB, log_raw off on MySQL, or an account of the service that may leave that log out",
	run: func(f *facts) verdict {
		if v, missing := targetLogs(f); missing {
			return v
		}
		if f.target.mysql.LogsPasswords {
			return warn("turn general_log (MySQL: log_raw) off on "+f.target.name+" until the seed is over, or grant the service's account SUPER there "+
				"(MySQL: SESSION_VARIABLES_ADMIN), with which it leaves the log out; accounts come with a physical copy",
				"the general log of %s is on and shows statements as they are: those with the replication account's password too", f.target.name)
		}
		return pass("no log of %s shows passwords", f.target.name)
	},
}

// targetLogs is the verdict where the target's server can't be asked: what does not run logs nothing yet.
func targetLogs(f *facts) (verdict, bool) {
	v, missing := noMySQL(f.target)
	if missing {
		v = warn("see that general_log (MySQL: log_raw) is off there", "the server on %s could not be asked", f.target.name)
	}
	return v, missing
}
