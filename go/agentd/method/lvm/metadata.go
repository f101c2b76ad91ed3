package lvm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// metadataFile is the file with the position in a data directory.
const metadataFile = "metadata"

// metadataText is the file's text.
func metadataText(p agentapi.Metadata) string {
	return fmt.Sprintf("File: %s\nPosition: %d\nExecuted_Gtid_Set: %s\n", p.LogFile, p.LogPos, p.GtidExecuted)
}

// ParseMetadata reads a position from the text of such a file: File, Position and Executed_Gtid_Set, one a line, as SHOW MASTER
// STATUS\G prints them; a GTID set may go on over lines. Log, Pos and GTID, mydumper's words, are taken too.
func ParseMetadata(text string) (agentapi.Metadata, error) {
	var p agentapi.Metadata
	inGTID := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		key, value, found := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch key = strings.ToLower(strings.TrimSpace(key)); {
		case !found && !inGTID, strings.HasPrefix(line, "*"):
			continue
		case key == "file" || key == "log":
			p.LogFile, inGTID = value, false
		case key == "position" || key == "pos":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return agentapi.Metadata{}, fmt.Errorf("read the position of the snapshot: %w", err)
			}
			p.LogPos, inGTID = n, false
		case key == "executed_gtid_set" || key == "gtid":
			p.GtidExecuted, inGTID = value, true
		case inGTID && isGTID(line):
			p.GtidExecuted += line
		default:
			inGTID = false
		}
	}
	if p.LogFile == "" || p.LogPos <= 0 || strings.ContainsAny(p.LogFile, "/\\ ") {
		return agentapi.Metadata{}, errors.New("read the position of the snapshot: it names no binary log file and position")
	}
	return p, nil
}

// isGTID says whether a line can be the next part of a GTID set: it begins with a server's UUID, or a domain.
func isGTID(line string) bool {
	id, _, _ := strings.Cut(line, ":")
	return line != "" && strings.Trim(line, "0123456789abcdefABCDEF-:, _") == "" && (strings.Count(id, "-") == 4 || strings.Count(id, "-") == 2)
}
