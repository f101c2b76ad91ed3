package preflight

var pageSize = check{
	name:    "page-size",
	about:   "innodb_page_size is the same on both; fails otherwise.",
	needed:  "the same innodb_page_size on both",
	only:    "Xtrabackup, LVM, ClonePlugin",
	applies: physical,
	run: func(f *facts) verdict {
		t, s, v, missing := bothServers(f)
		if missing {
			return v
		}
		if t != f.target.mysql && t.PageSize == 0 {
			return warn("compare innodb_page_size by hand", "not known: MySQL on %s does not run, says its agent", f.target.name)
		}
		target, source := t.PageSize, s.PageSize
		if target != source || target == 0 {
			return fail("set innodb_page_size on the target as on the source (it needs a new data directory), or use Mysqldump",
				"%s on the target, %s on the source", size(target), size(source))
		}
		return pass("%s on both", size(target))
	},
}
