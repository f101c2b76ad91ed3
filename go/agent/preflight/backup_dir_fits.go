package preflight

var backupDirFits = check{
	name:    "backup-dir-fits",
	about:   "The target's backup directory can hold the dump, reckoned as 0.6 of the source's data; fails if not.",
	needed:  "room for the dump in the target's backup directory",
	only:    "Mysqldump, Mydumper",
	applies: logical,
	run: func(f *facts) verdict {
		if v, missing := noData(f.target); missing {
			return v
		}
		bytes, known := userBytes(f.source)
		if !known {
			return fail("see the check mysql-answers", "not known: neither MySQL nor the agent on %s says how large its data is", f.source.name)
		}
		d, need := f.target.data, bytes/10*stagedShare
		if d.BackupDir == "" {
			return fail("set backup-dir in the agent's configuration on "+f.target.name, "the agent on %s names no backup directory", f.target.name)
		}
		v := pass("%s free in %s on %s", size(d.BackupDirDiskFree), d.BackupDir, f.target.name)
		if d.BackupDirDiskFree < need {
			v = fail("free "+size(need-d.BackupDirDiskFree)+" there, or set backup-dir to a larger disk",
				"%s free in %s on %s", size(d.BackupDirDiskFree), d.BackupDir, f.target.name)
		}
		return v.need("%s (0.6 of %s)", size(need), size(bytes))
	},
}
