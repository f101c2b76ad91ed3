package xtrabackup

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// applying follows what a tool says while it applies the log: first it reads it up to its end, then it brings the pages up to
// date, both perhaps in several rounds. Each is counted as the log's length once.
type applying struct {
	checkpoints
	read    uint64 // up to this log position
	pages   int    // per cent of the pages of this round
	what    string
	applied int64 // bytes of log, never less than before
}

var (
	readUpTo    = regexp.MustCompile(`(?i)(?:scanned up to log sequence number |Read redo log up to LSN=|To recover: LSN |End of log at LSN=)(\d+)`)
	roundBegins = regexp.MustCompile(`(?i)starting (?:an apply|to apply a|a|final) batch|applying a batch of|recovered pages:`)
	percents    = regexp.MustCompile(`\b(\d{1,3})\s*%`)
	plainPages  = regexp.MustCompile(`(?i)progress in percent:((?: \d{1,3})+)`)
	flushing    = regexp.MustCompile(`tables to flush:(?: \d+)* (\d+)`)
	after       = regexp.MustCompile(`(?i)rollback|rolling back|rolled back|starting shutdown|Allocated tablespace|creating shared tablespace|starting an? new`)
)

// line takes one line and says how far the work is. changed is false when the line said nothing of it.
func (a *applying) line(text string) (done, total int64, what string, changed bool) {
	length := a.end - min(a.checkpoint, a.end)
	if p := flushing.FindStringSubmatch(text); p != nil {
		a.read, a.pages, changed = a.end, 100, true
		a.what = "log applied, tables to flush: " + p[1]
	} else if p := readUpTo.FindStringSubmatch(text); p != nil {
		n, err := strconv.ParseUint(p[1], 10, 64)
		if err == nil && n >= a.checkpoint {
			a.read, changed = max(a.read, min(n, a.end)), true
			a.what = fmt.Sprintf("log read up to %d of %d", a.read, a.end)
		}
	} else if pages, found := a.page(text); found {
		a.pages, changed = pages, true
		a.read = max(a.read, a.checkpoint)
		a.what = fmt.Sprintf("applying the log up to %d: %d %% of its pages", max(a.read, a.checkpoint), pages)
	} else if after.MatchString(text) {
		a.read, a.pages, changed = a.end, 100, true
		a.what = shorten(text, shortText)
	}
	read := max(a.read, a.checkpoint) - a.checkpoint
	a.applied = max(a.applied, int64(read)+int64(float64(read)*float64(min(a.pages, 100))/100))
	return a.applied, 2 * int64(length), a.what, changed
}

func (a *applying) page(text string) (int, bool) {
	last := ""
	if p := percents.FindAllStringSubmatch(text, -1); p != nil {
		last = p[len(p)-1][1]
	} else if p := plainPages.FindStringSubmatch(text); p != nil {
		f := strings.Fields(p[1])
		last = f[len(f)-1]
	}
	if n, err := strconv.Atoi(last); err == nil && n <= 100 {
		return n, true
	}
	return 0, roundBegins.MatchString(text)
}
