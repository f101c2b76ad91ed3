package mysqldump

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// position collects where the dump stands in the source's binary log from the lines of its head and its tail.
type position struct {
	file   string
	pos    int64
	gtid   strings.Builder
	inGTID bool // in the middle of MySQL's GTID_PURGED, which goes on over lines
	err    error
}

var (
	logFile     = regexp.MustCompile(`\b(?:MASTER|SOURCE)_LOG_FILE\s*=\s*'([^']*)'`)
	logPos      = regexp.MustCompile(`\b(?:MASTER|SOURCE)_LOG_POS\s*=\s*(\d+)`)
	slavePos    = regexp.MustCompile(`\bSET GLOBAL gtid_slave_pos\s*=\s*'([^']*)'`)
	purgedStart = regexp.MustCompile(`\bSET @@GLOBAL\.GTID_PURGED\s*=\s*(?:/\*!80000 '\+'\*/\s*)?'\+?`)
)

const longestGTID = 64 << 20 // bytes; more is not a GTID set

func (p *position) line(line []byte) {
	text := string(line)
	if p.inGTID {
		p.more(text)
		return
	}
	if at := purgedStart.FindStringIndex(text); at != nil {
		p.inGTID = true
		p.more(text[at[1]:])
		return
	}
	if m := slavePos.FindStringSubmatch(text); m != nil {
		p.gtid.Reset()
		p.gtid.WriteString(m[1])
		return
	}
	file, pos := logFile.FindStringSubmatch(text), logPos.FindStringSubmatch(text)
	if file == nil || pos == nil {
		return
	}
	n, err := strconv.ParseInt(pos[1], 10, 64)
	if err != nil {
		p.err = fmt.Errorf("binary log position: %w", err)
		return
	}
	p.file, p.pos = file[1], n
}

func (p *position) more(text string) {
	text, _, ended := strings.Cut(text, "'")
	p.inGTID = !ended
	p.gtid.WriteString(strings.TrimSpace(text))
	if p.gtid.Len() > longestGTID {
		p.err = errors.New("GTID set without an end")
		p.inGTID = false
	}
}

// metadata is what was found; an error when there was no position, which every dump made here has.
func (p *position) metadata() (agentapi.Metadata, error) {
	switch {
	case p.err != nil:
		return agentapi.Metadata{}, fmt.Errorf("read position of the dump: %w", p.err)
	case p.inGTID:
		return agentapi.Metadata{}, errors.New("read position of the dump: its GTID set has no end")
	case p.file == "" || p.pos <= 0:
		return agentapi.Metadata{}, errors.New("read position of the dump: it names no binary log file and position")
	}
	return agentapi.Metadata{LogFile: p.file, LogPos: p.pos, GtidExecuted: p.gtid.String()}, nil
}

// ParsePosition reads the position from the head and the tail of a dump of MySQL's or MariaDB's.
func ParsePosition(text []byte) (agentapi.Metadata, error) {
	var p position
	for line := range bytes.Lines(text) {
		p.line(line)
	}
	return p.metadata()
}
