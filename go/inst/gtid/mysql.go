package gtid

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// MySQLSet is a set of MySQL GTIDs: numbers by server UUID and, since MySQL 8.3, by tag. The zero value is the empty set.
type MySQLSet struct {
	m map[stream][]interval // never an empty list; sorted, apart by at least one number
}

type stream struct {
	uuid [16]byte
	tag  string // lower case; "" is untagged
}

type interval struct{ first, last uint64 } // both included

// maxNumber is the highest transaction number that a server gives out.
const maxNumber = 1<<63 - 2

// maxTag is the longest tag, in characters.
const maxTag = 32

// ParseMySQL reads a set as people and servers write it: any case, white space and line breaks between the parts, parts in
// any order and overlapping.
func ParseMySQL(text string) (MySQLSet, error) {
	if len(text) > MaxText {
		return MySQLSet{}, ErrTooLong
	}
	m := map[stream][]interval{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.Trim(item, space); item == "" {
			continue
		}
		if err := parseMySQLOne(item, m); err != nil {
			return MySQLSet{}, err
		}
	}
	for k, list := range m {
		m[k] = normal(list)
	}
	return MySQLSet{m: m}, nil
}

// parseMySQLOne adds "uuid:1-3:5:tag:7-9" to m.
func parseMySQLOne(item string, m map[stream][]interval) error {
	id, rest, found := strings.Cut(item, ":")
	uuid, err := parseUUID(strings.Trim(id, space))
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("MySQL GTID set %s has no numbers after its UUID", quoted(item))
	}
	key, tagOpen := stream{uuid: uuid}, false
	for part := range strings.SplitSeq(rest, ":") {
		part = strings.Trim(part, space)
		if part != "" && (part[0] < '0' || part[0] > '9') {
			if tagOpen {
				return fmt.Errorf("tag %q in a MySQL GTID set has no numbers", key.tag)
			}
			if key.tag, err = parseTag(part); err != nil {
				return err
			}
			tagOpen = true
			continue
		}
		iv, ok, err := parseInterval(part)
		if err != nil {
			return err
		}
		if ok {
			m[key] = append(m[key], iv)
		}
		tagOpen = false
	}
	if tagOpen {
		return fmt.Errorf("tag %q in a MySQL GTID set has no numbers", key.tag)
	}
	return nil
}

func parseUUID(s string) (uuid [16]byte, err error) {
	bad := fmt.Errorf("%s in a MySQL GTID set is not a server UUID", quoted(s))
	digits := s
	switch {
	case len(s) == 36:
		if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
			return uuid, bad
		}
		digits = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	case len(s) != 32:
		return uuid, bad
	}
	if _, err := hex.Decode(uuid[:], []byte(digits)); err != nil {
		return uuid, bad
	}
	return uuid, nil
}

func parseTag(s string) (string, error) {
	tag := strings.ToLower(s)
	for i := range len(tag) {
		c := tag[i]
		letter := c >= 'a' && c <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return "", fmt.Errorf("%s in a MySQL GTID set is neither a number nor a tag", quoted(s))
		}
	}
	if len(tag) > maxTag {
		return "", fmt.Errorf("tag %s in a MySQL GTID set is longer than %d characters", quoted(s), maxTag)
	}
	return tag, nil
}

// parseInterval reads "5" or "5-7"; ok is false for one that runs backwards, which servers take for empty.
func parseInterval(s string) (iv interval, ok bool, err error) {
	a, b, isRange := strings.Cut(s, "-")
	if iv.first, err = parseNumber(a); err != nil {
		return iv, false, err
	}
	if iv.last = iv.first; isRange {
		if iv.last, err = parseNumber(b); err != nil {
			return iv, false, err
		}
	}
	return iv, iv.first <= iv.last, nil
}

func parseNumber(s string) (uint64, error) {
	s = strings.Trim(s, space)
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 || n > maxNumber {
		return 0, fmt.Errorf("%s in a MySQL GTID set is not a transaction number", quoted(s))
	}
	return n, nil
}

// normal sorts a list and joins what touches; it may change the list given.
func normal(list []interval) []interval {
	slices.SortFunc(list, func(a, b interval) int { return cmp.Compare(a.first, b.first) })
	out := list[:0]
	for _, iv := range list {
		if n := len(out); n > 0 && iv.first <= out[n-1].last+1 {
			out[n-1].last = max(out[n-1].last, iv.last)
		} else {
			out = append(out, iv)
		}
	}
	return out
}

// String is the normal form that servers print, without their line breaks.
func (s MySQLSet) String() string {
	var b strings.Builder
	var last stream
	for i, k := range s.streams() {
		switch {
		case i > 0 && k.uuid == last.uuid:
			fmt.Fprintf(&b, ":%s", k.tag)
		default:
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%x-%x-%x-%x-%x", k.uuid[:4], k.uuid[4:6], k.uuid[6:8], k.uuid[8:10], k.uuid[10:])
			if k.tag != "" {
				fmt.Fprintf(&b, ":%s", k.tag)
			}
		}
		for _, iv := range s.m[k] {
			fmt.Fprintf(&b, ":%d", iv.first)
			if iv.last > iv.first {
				fmt.Fprintf(&b, "-%d", iv.last)
			}
		}
		last = k
	}
	return b.String()
}

func (s MySQLSet) streams() []stream {
	return slices.SortedFunc(maps.Keys(s.m), func(a, b stream) int {
		return cmp.Or(bytes.Compare(a.uuid[:], b.uuid[:]), cmp.Compare(a.tag, b.tag))
	})
}
