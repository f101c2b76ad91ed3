package mydumper

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// Metadata is what mydumper's file "metadata" says.
type Metadata struct {
	Source agentapi.Metadata // where the source stood; a zero LogFile when it does not say
	// Tables are the real names, schema.table, of those whose files have other names: by the names in the files (0.15 and later).
	Tables map[string]string
	// Counts are the numbers of rows by real name (0.15 and later).
	Counts map[string]int64
}

// ParseMetadata reads the text of the file, of 0.9 and 0.10 ("SHOW MASTER STATUS:" with Log, Pos and GTID) and of later
// versions ("[source]" or "[master]" with File, Position and Executed_Gtid_Set, or SOURCE_LOG_FILE and so on, and a section for
// each table). A text without its last line is an error: the dump did not come to its end.
func ParseMetadata(text string) (*Metadata, error) {
	p := metadata{found: Metadata{Tables: map[string]string{}, Counts: map[string]int64{}}}
	for line := range strings.Lines(text) {
		if err := p.line(strings.TrimSpace(line)); err != nil {
			return nil, fmt.Errorf("read metadata of mydumper: %w", err)
		}
	}
	if !p.finished {
		return nil, errors.New("read metadata of mydumper: it does not say that the dump finished")
	}
	p.endTable()
	return &p.found, nil
}

// position is Source, or an error.
func (m *Metadata) position() (agentapi.Metadata, error) {
	if m.Source.LogFile == "" || m.Source.LogPos <= 0 {
		return m.Source, errors.New("read metadata of mydumper: it names no binary log file and position")
	}
	return m.Source, nil
}

type metadata struct {
	found    Metadata
	source   bool   // in the part about the server's own binary log
	gtid     bool   // in a GTID set, which may go on over lines
	table    string // in the part about a table: schema.table, as in its files
	real     string // its name, when it is another
	rows     int64  // its rows, -1 unknown
	finished bool
}

func (p *metadata) line(line string) error {
	low := strings.ToLower(strings.TrimLeft(line, "# "))
	switch {
	case strings.HasPrefix(low, "finished dump at"):
		p.finished, p.gtid = true, false
		return nil
	case line == "SHOW MASTER STATUS:", low == "[master]", low == "[source]":
		p.begin(true, "")
		return nil
	case line == "SHOW SLAVE STATUS:", strings.HasPrefix(line, "["):
		p.begin(false, tableSection(line))
		return nil
	case p.table != "":
		return p.tableValue(line)
	case !p.source:
		return nil
	}
	return p.value(line)
}

// begin starts another part of the text.
func (p *metadata) begin(source bool, table string) {
	p.endTable()
	p.source, p.gtid, p.table, p.real, p.rows = source, false, table, "", -1
}

func (p *metadata) endTable() {
	if p.table == "" {
		return
	}
	name := p.table
	if schema, file, _ := strings.Cut(name, "."); p.real != "" && p.real != file {
		name = schema + "." + p.real
		p.found.Tables[p.table] = name
	}
	if p.rows >= 0 {
		p.found.Counts[name] = p.rows
	}
}

// tableSection reads "[`schema`.`table`]"; "" of other sections.
func tableSection(line string) string {
	for _, quote := range []string{"`", `"`} {
		inner, ok := strings.CutPrefix(line, "["+quote)
		if !ok {
			continue
		}
		if inner, ok = strings.CutSuffix(inner, quote+"]"); !ok {
			continue
		}
		if schema, table, found := strings.Cut(inner, quote+"."+quote); found {
			return schema + "." + table
		}
	}
	return ""
}

func (p *metadata) tableValue(line string) error {
	key, value, _ := strings.Cut(line, "=")
	value = strings.TrimSpace(value)
	switch strings.TrimSpace(key) {
	case "real_table_name":
		p.real = value
	case "rows":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("rows of %s: %w", p.table, err)
		}
		p.rows = n
	}
	return nil
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
		p.found.Source.LogFile, p.gtid = value, false
	case "pos", "position", "source_log_pos":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("position: %w", err)
		}
		p.found.Source.LogPos, p.gtid = n, false
	case "gtid", "executed_gtid_set":
		p.found.Source.GtidExecuted, p.gtid = value, true
	default:
		if p.gtid && line != "" && !strings.HasPrefix(line, "#") && !strings.Contains(line, "=") {
			p.found.Source.GtidExecuted += strings.Trim(line, `"'`)
		} else {
			p.gtid = false
		}
	}
	return nil
}
