package mydumper

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// ParseMetadata reads the position of the source from the text of mydumper's file "metadata", of 0.9 and 0.10 ("SHOW MASTER
// STATUS:" with Log, Pos and GTID) and of later versions ("[source]" or "[master]" with File, Position and
// Executed_Gtid_Set). A text without its last line is an error: the dump did not come to its end.
func ParseMetadata(text string) (agentapi.Metadata, error) {
	var p metadata
	for line := range strings.Lines(text) {
		if err := p.line(strings.TrimSpace(line)); err != nil {
			return agentapi.Metadata{}, fmt.Errorf("read metadata of mydumper: %w", err)
		}
	}
	switch {
	case !p.finished:
		return agentapi.Metadata{}, errors.New("read metadata of mydumper: it does not say that the dump finished")
	case p.found.LogFile == "" || p.found.LogPos <= 0:
		return agentapi.Metadata{}, errors.New("read metadata of mydumper: it names no binary log file and position")
	}
	return p.found, nil
}

type metadata struct {
	found    agentapi.Metadata
	source   bool // in the part about the server's own binary log
	gtid     bool // in a GTID set, which may go on over lines
	finished bool
}

func (p *metadata) line(line string) error {
	low := strings.ToLower(strings.TrimLeft(line, "# "))
	switch {
	case strings.HasPrefix(low, "finished dump at"):
		p.finished, p.gtid = true, false
		return nil
	case line == "SHOW MASTER STATUS:", low == "[master]", low == "[source]":
		p.source, p.gtid = true, false
		return nil
	case line == "SHOW SLAVE STATUS:", strings.HasPrefix(line, "["):
		p.source, p.gtid = false, false
		return nil
	case !p.source:
		return nil
	}
	return p.value(line)
}

func (p *metadata) value(line string) error {
	at := strings.IndexAny(line, ":=")
	key := ""
	if at > 0 {
		key = strings.ToLower(strings.TrimSpace(strings.TrimLeft(line[:at], "# ")))
	}
	value := strings.Trim(strings.TrimSpace(line[at+1:]), `"'`)
	switch key {
	case "log", "file", "source_log_file":
		p.found.LogFile, p.gtid = value, false
	case "pos", "position", "source_log_pos":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("position: %w", err)
		}
		p.found.LogPos, p.gtid = n, false
	case "gtid", "executed_gtid_set":
		p.found.GtidExecuted, p.gtid = value, true
	default:
		if p.gtid && line != "" && !strings.HasPrefix(line, "#") {
			p.found.GtidExecuted += strings.Trim(line, `"'`)
		} else {
			p.gtid = false
		}
	}
	return nil
}
