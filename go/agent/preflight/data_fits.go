package preflight

import "fmt"

// stagedShare is how much of the data a compressed dump takes at most, in tenths.
const stagedShare = 6

var dataFits = check{
	name: "data-fits",
	about: "The target's data directory can hold the source's data, counting what will be erased there; fails if not. A physical method " +
		"that can't keep the old data beside the new warns, and fails where the agent's allow-erase does not permit that.",
	needed:  "room for the source's data in the target's data directory",
	applies: knownMethod,
	run: func(f *facts) verdict {
		if v, missing := noData(f.target, f.source); missing {
			return v
		}
		if physical(f) {
			return physicalFits(f)
		}
		bytes, known := userBytes(f.source)
		if !known {
			return fail("see the check mysql-answers", "not known: neither MySQL nor the agent on %s says how large its data is", f.source.name)
		}
		erased, _ := userBytes(f.target)
		need, have := bytes, f.target.data.MySQLDatadirDiskFree+erased
		staged := ""
		if sameDisk(f) {
			need += bytes / 10 * stagedShare
			staged = ", and " + size(bytes/10*stagedShare) + " for the dump on the same disk"
		}
		found := fmt.Sprintf("%s free and %s to be erased on %s", size(f.target.data.MySQLDatadirDiskFree), size(erased), f.target.name)
		if have < need {
			return fail("free "+size(need-have)+" on the disk of "+f.target.data.MySQLDatadir+" at "+f.target.name, "%s", found).
				need("%s for the data%s", size(bytes), staged)
		}
		return pass("%s", found).need("%s for the data%s", size(bytes), staged)
	},
}

// physicalFits is about whole data directories.
func physicalFits(f *facts) verdict {
	bytes, target := f.source.data.MySQLDatadirDiskUsed, f.target.data
	if bytes <= 0 {
		return fail("see that the agent on the source may read its data directory", "not known: the agent on %s does not say how large the data directory is", f.source.name)
	}
	free, old, need := target.MySQLDatadirDiskFree, target.MySQLDatadirDiskUsed, roomFor(f)
	wanted := fmt.Sprintf("%s for the data directory of %s", size(need), f.source.name)
	switch oldDataOf(f) {
	case fateNoRoom:
		return fail("free "+size(need-free-old)+" on the disk of "+target.MySQLDatadir+" at "+f.target.name,
			"%s free and %s of old data on %s", size(free), size(old), f.target.name).need("%s", wanted)
	case fateErasedByOthers:
		return warn("this project's orchestrator-agent keeps the old data until the new one is proven, where the disk can hold both",
			"%s free on %s; its agent, of the v2 line, erases the old %s first", size(free), f.target.name, size(old)).need("%s", wanted)
	case fateKept:
		return pass("%s free on %s beside the old data", size(free), f.target.name).need("%s", wanted)
	case fateErased:
		return warn("free "+size(need-free)+" there to keep the old data until the new one is proven",
			"%s free on %s: the old %s will be erased before the new data is proven", size(free), f.target.name, size(old)).need("%s", wanted)
	}
	return fail("free "+size(need-free)+" there, or set allow-erase = true in the agent's configuration on "+f.target.name,
		"%s free on %s: the disk can't hold the old %s and the new data, and allow-erase is off", size(free), f.target.name, size(old)).need("%s", wanted)
}

// userBytes is how large the user's data is, in bytes.
func userBytes(h *hostFacts) (bytes int64, known bool) {
	switch {
	case h.mysql != nil:
		for _, b := range h.mysql.Schemas {
			bytes += b
		}
		return bytes, true
	case h.data != nil && h.data.MySQLDatabases != nil:
		for _, db := range h.data.MySQLDatabases {
			bytes += db.Size
		}
		return bytes, true
	}
	return 0, false
}

// sameDisk guesses whether backup directory and data directory share a disk: agents say no more than the free bytes.
func sameDisk(f *facts) bool {
	d := f.target.data
	return logical(f) && d.BackupDirDiskFree == d.MySQLDatadirDiskFree
}
