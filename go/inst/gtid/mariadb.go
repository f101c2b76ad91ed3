package gtid

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// MariaDBSet is a list of MariaDB GTIDs "domain-server-sequence": a position (gtid_slave_pos: one per domain), or a state
// (gtid_binlog_state: the newest of each server in a domain). Each entry stands for all that came before it. The zero value
// is the empty set.
//
// Within a domain transactions are in one order and numbered upwards, whatever server wrote them; so a set contains an
// entry when its newest of that domain has the same or a higher number. This is what MASTER_GTID_WAIT() looks at too.
type MariaDBSet struct {
	seq map[origin]uint64
}

type origin struct{ domain, server uint32 }

// ParseMariaDB reads a comma-separated list; of several entries of one server in one domain the newest counts.
func ParseMariaDB(text string) (MariaDBSet, error) {
	if len(text) > MaxText {
		return MariaDBSet{}, ErrTooLong
	}
	s := MariaDBSet{seq: map[origin]uint64{}}
	if strings.Trim(text, space) == "" {
		return s, nil
	}
	for item := range strings.SplitSeq(text, ",") {
		o, n, err := parseMariaDBOne(strings.Trim(item, space))
		if err != nil {
			return MariaDBSet{}, err
		}
		s.seq[o] = max(s.seq[o], n)
	}
	return s, nil
}

func parseMariaDBOne(item string) (origin, uint64, error) {
	bad := func() (origin, uint64, error) {
		return origin{}, 0, fmt.Errorf("MariaDB GTID %s is not domain-server-sequence", quoted(item))
	}
	d, rest, ok1 := strings.Cut(item, "-")
	srv, seq, ok2 := strings.Cut(rest, "-")
	if !ok1 || !ok2 {
		return bad()
	}
	domain, err1 := strconv.ParseUint(d, 10, 32)
	server, err2 := strconv.ParseUint(srv, 10, 32)
	n, err3 := strconv.ParseUint(seq, 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return bad()
	}
	return origin{uint32(domain), uint32(server)}, n, nil
}

// String lists the set by domain and server, without spaces.
func (s MariaDBSet) String() string {
	var b strings.Builder
	for i, o := range s.origins() {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%d-%d-%d", o.domain, o.server, s.seq[o])
	}
	return b.String()
}

func (s MariaDBSet) origins() []origin {
	return slices.SortedFunc(maps.Keys(s.seq), func(a, b origin) int {
		return cmp.Or(cmp.Compare(a.domain, b.domain), cmp.Compare(a.server, b.server))
	})
}

// newest is the highest number of each domain and the server that wrote it; of equal numbers the higher server.
func (s MariaDBSet) newest() map[uint32]origin {
	top := make(map[uint32]origin)
	for o, n := range s.seq {
		t, seen := top[o.domain]
		if !seen || n > s.seq[t] || n == s.seq[t] && o.server > t.server {
			top[o.domain] = o
		}
	}
	return top
}

// Position is the newest GTID of each domain: what gtid_slave_pos takes, which refuses two of one domain.
func (s MariaDBSet) Position() MariaDBSet {
	p := MariaDBSet{seq: map[origin]uint64{}}
	for _, o := range s.newest() {
		p.seq[o] = s.seq[o]
	}
	return p
}

// IsEmpty says whether nothing is in the set.
func (s MariaDBSet) IsEmpty() bool { return len(s.seq) == 0 }

// Equal says whether both have the same entries.
func (s MariaDBSet) Equal(t MariaDBSet) bool { return maps.Equal(s.seq, t.seq) }

// Union has the newest entry of each server and domain of both.
func (s MariaDBSet) Union(t MariaDBSet) MariaDBSet {
	u := MariaDBSet{seq: make(map[origin]uint64, len(s.seq)+len(t.seq))}
	maps.Copy(u.seq, s.seq)
	for o, n := range t.seq {
		u.seq[o] = max(u.seq[o], n)
	}
	return u
}

// Subtract keeps the entries that t does not contain.
func (s MariaDBSet) Subtract(t MariaDBSet) MariaDBSet {
	d := MariaDBSet{seq: map[origin]uint64{}}
	top := t.newest()
	for o, n := range s.seq {
		if have, ok := top[o.domain]; !ok || t.seq[have] < n {
			d.seq[o] = n
		}
	}
	return d
}

// Contains says whether a server at s has everything that one at t has.
func (s MariaDBSet) Contains(t MariaDBSet) bool { return t.Subtract(s).IsEmpty() }
