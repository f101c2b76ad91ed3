package gtid

import "slices"

// IsEmpty says whether no GTID is in the set.
func (s MySQLSet) IsEmpty() bool { return len(s.m) == 0 }

// Equal says whether both hold the same GTIDs.
func (s MySQLSet) Equal(t MySQLSet) bool {
	if len(s.m) != len(t.m) {
		return false
	}
	for k, list := range s.m {
		if !slices.Equal(list, t.m[k]) {
			return false
		}
	}
	return true
}

// HasTags says whether a GTID in the set has a tag: servers before MySQL 8.3 do not understand it.
func (s MySQLSet) HasTags() bool {
	for k := range s.m {
		if k.tag != "" {
			return true
		}
	}
	return false
}

// Union has the GTIDs of either.
func (s MySQLSet) Union(t MySQLSet) MySQLSet {
	u := MySQLSet{m: make(map[stream][]interval, len(s.m)+len(t.m))}
	for k, list := range s.m {
		u.m[k] = list
	}
	for k, list := range t.m {
		u.m[k] = normal(slices.Concat(u.m[k], list))
	}
	return u
}

// Subtract has the GTIDs of s that are not in t.
func (s MySQLSet) Subtract(t MySQLSet) MySQLSet {
	d := MySQLSet{m: make(map[stream][]interval, len(s.m))}
	for k, list := range s.m {
		if left := without(list, t.m[k]); len(left) > 0 {
			d.m[k] = left
		}
	}
	return d
}

// Contains says whether every GTID of t is in s.
func (s MySQLSet) Contains(t MySQLSet) bool { return t.Subtract(s).IsEmpty() }

// without is list minus holes, both normal, in one pass.
func without(list, holes []interval) []interval {
	var out []interval
	for _, iv := range list {
		for len(holes) > 0 && holes[0].last < iv.first {
			holes = holes[1:]
		}
		rest, gone := iv, false
		for _, h := range holes {
			if h.first > rest.last {
				break
			}
			if h.first > rest.first {
				out = append(out, interval{rest.first, h.first - 1})
			}
			if h.last >= rest.last {
				gone = true
				break
			}
			rest.first = h.last + 1
		}
		if !gone {
			out = append(out, rest)
		}
	}
	return out
}
