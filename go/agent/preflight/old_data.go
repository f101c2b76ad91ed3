package preflight

// fate is what becomes of the target's old data.
type fate string

const (
	fateRemoved        fate = "removed"          // by a method that loads: the schemas go when the new data is proven complete
	fateKept           fate = "kept"             // beside the new data, until that is proven
	fateErased         fate = "erased"           // before the new data comes, as allow-erase permits
	fateErasedByOthers fate = "erased by others" // by an agent of the v2 line
	fateNotAllowed     fate = "not allowed"      // would have to be erased, and may not
	fateNoRoom         fate = "no room"          // the new data does not fit even then
	fateUnknown        fate = "unknown"
)

// keepMargin is what our agents leave free, in bytes, besides a fiftieth of the new data: the rule of agentd/datadir.
const keepMargin = 256 << 20

// roomFor is how much has to be free for the source's data directory.
func roomFor(f *facts) int64 {
	bytes := f.source.data.MySQLDatadirDiskUsed
	if f.target.data.AgentVersion == "" {
		return bytes
	}
	return bytes + bytes/50 + keepMargin
}

// oldDataOf says what the method on these hosts does to the target's old data.
func oldDataOf(f *facts) fate {
	switch {
	case logical(f):
		return fateRemoved
	case f.target.data == nil || f.source.data == nil || f.source.data.MySQLDatadirDiskUsed <= 0:
		return fateUnknown
	}
	target, need := f.target.data, roomFor(f)
	switch {
	case target.MySQLDatadirDiskFree+target.MySQLDatadirDiskUsed < need:
		return fateNoRoom
	case target.AgentVersion == "":
		return fateErasedByOthers
	case target.MySQLDatadirDiskFree >= need:
		return fateKept
	case target.AllowErase:
		return fateErased
	}
	return fateNotAllowed
}

// words say it to the person who starts the seed.
func (o fate) words() string {
	switch o {
	case fateRemoved:
		return "removed when the dump has been proven complete, not before"
	case fateKept:
		return "kept beside the new data until the replica is proven, then removed; put back if the seed fails before that"
	case fateErased, fateErasedByOthers:
		return "erased before the new data is proven, and can't be put back"
	case fateNoRoom, fateNotAllowed:
		return "not touched: the check data-fits refuses the seed"
	}
	return "kept or erased, as room allows: that is not known now"
}
