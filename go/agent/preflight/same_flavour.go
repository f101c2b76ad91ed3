package preflight

var sameFlavour = check{
	name:   "same-flavour",
	about:  "MySQL is copied to MySQL and MariaDB to MariaDB; fails otherwise.",
	needed: "servers of one family",
	run: func(f *facts) verdict {
		t, s, v, missing := bothServers(f)
		if missing {
			return v
		}
		target, source := t.Version.Flavour, s.Version.Flavour
		if target != source {
			return fail("install the source's kind of server on the target", "%s runs %s and %s runs %s", f.target.name, target, f.source.name, source)
		}
		return pass("both run %s", target)
	},
}
