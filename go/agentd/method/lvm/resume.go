package lvm

import (
	"encoding/json"
	"time"
)

// haveNote is what the receiver tells the sender: of which tree it has how many of the first entries.
type haveNote struct {
	Tree    string
	Entries int
}

func note(tree string, entries int) string {
	if entries == 0 {
		return ""
	}
	b, err := json.Marshal(haveNote{tree, entries})
	if err != nil {
		return "" // it begins anew
	}
	return string(b)
}

// parseNote reads a note; one that is none says nothing.
func parseNote(text string) (tree string, entries int) {
	var n haveNote
	if err := json.Unmarshal([]byte(text), &n); err != nil || n.Entries < 0 {
		return "", 0
	}
	return n.Tree, n.Entries
}

// tree names what a snapshot holds: files and their order are the same in every attempt that sends it.
func (s *state) tree() string {
	return s.Snapshot.String() + " " + s.Snapshot.CreatedAt.Format(time.RFC3339Nano)
}
