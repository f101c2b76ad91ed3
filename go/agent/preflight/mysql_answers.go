package preflight

var mysqlAnswers = check{
	name: "mysql-answers",
	about: "The service can log in to MySQL on both hosts and read its state; fails if it can't. Most checks after it need that. " +
		"A target whose agent says that MySQL does not run is a warning for Xtrabackup and LVM, which build it anew: what can't be known of it then only warns.",
	needed: "MySQL that runs on both hosts and lets the service in",
	run: func(f *facts) verdict {
		for _, h := range []*hostFacts{f.source, f.target} {
			if h == f.target && targetDown(f) {
				return downVerdict(f)
			}
			if h.mysql == nil {
				return fail(hintOf(h.mysqlErr, "see that MySQL runs on "+h.name+" and that MySQLTopologyUser may log in from this service's host"),
					"MySQL on %s could not be read: %s", h.name, reason(h.mysqlErr))
			}
		}
		return pass("%s on %s, %s on %s", f.target.mysql.Version.Text, f.target.name, f.source.mysql.Version.Text, f.source.name)
	},
}
