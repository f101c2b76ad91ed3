package preflight

var mysqlAnswers = check{
	name:   "mysql-answers",
	about:  "The service can log in to MySQL on both hosts and read its state; fails if it can't. Most checks after it need that.",
	needed: "MySQL that runs on both hosts and lets the service in",
	run: func(f *facts) verdict {
		for _, h := range []*hostFacts{f.target, f.source} {
			if h.mysql == nil {
				return fail(hintOf(h.mysqlErr, "see that MySQL runs on "+h.name+" and that MySQLTopologyUser may log in from this service's host"),
					"MySQL on %s could not be read: %s", h.name, reason(h.mysqlErr))
			}
		}
		return pass("%s on %s, %s on %s", f.target.mysql.Version.Text, f.target.name, f.source.mysql.Version.Text, f.source.name)
	},
}
