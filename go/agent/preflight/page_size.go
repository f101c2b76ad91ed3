package preflight

var pageSize = check{
	name:    "page-size",
	about:   "innodb_page_size is the same on both; fails otherwise.",
	needed:  "the same innodb_page_size on both",
	only:    "Xtrabackup, LVM, ClonePlugin",
	applies: physical,
	run: func(f *facts) verdict {
		if v, missing := noMySQL(f.target, f.source); missing {
			return v
		}
		target, source := f.target.mysql.PageSize, f.source.mysql.PageSize
		if target != source || target == 0 {
			return fail("set innodb_page_size on the target as on the source (it needs a new data directory), or use Mysqldump",
				"%s on the target, %s on the source", size(target), size(source))
		}
		return pass("%s on both", size(target))
	},
}
