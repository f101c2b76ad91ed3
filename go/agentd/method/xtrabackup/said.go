package xtrabackup

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

const (
	keptText  = 64 << 10 // bytes of standard error that are kept
	keptBad   = 8        // lines that report errors
	longLine  = 64 << 10 // a line without an end is one after that
	shortText = 160      // of what is shown as progress
)

// said takes what a backup tool writes to standard error, which is a line or two for each file: it keeps the end, the lines
// that report errors, and hands each line on.
type said struct {
	on   func(text string) // a line without its time and marks, or the unfinished one again when it has grown
	mu   sync.Mutex
	b    []byte
	part []byte
	last string
	bad  []string
}

// Write implements io.Writer; it never fails.
func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b = append(s.b, p...)
	if over := len(s.b) - 2*keptText; over > 0 {
		s.b = append(s.b[:0], s.b[len(s.b)-keptText:]...)
	}
	s.part = append(s.part, p...)
	for {
		line, rest, found := bytes.Cut(s.part, []byte("\n"))
		if !found {
			break
		}
		s.line(string(line))
		s.part = append(s.part[:0], rest...)
	}
	if len(s.part) > longLine {
		s.line(string(s.part))
		s.part = s.part[:0]
	}
	if len(s.part) > 0 && s.on != nil {
		s.on(bare(string(s.part)))
	}
	return len(p), nil
}

func (s *said) line(line string) {
	line = strings.TrimSpace(strings.ToValidUTF8(line, "?"))
	if line == "" {
		return
	}
	text := bare(line)
	s.last = text
	if isError(line) {
		s.bad = append(s.bad, shorten(text, 600))
		if len(s.bad) > keptBad {
			s.bad = append(s.bad[:keptBad/2], s.bad[keptBad/2+1:]...) // the first say why, the last what came of it
		}
	}
	if s.on != nil {
		s.on(text)
	}
}

// marks are what stands before a line's text: thread, time, level, code, component, in the orders of the tools' versions.
var marks = regexp.MustCompile(`^(?:\[\d+\] )?(?:\d{4}-\d\d-\d\d[ T]+\d{1,2}:\d\d:\d\d\S*|\d{6} +\d{1,2}:\d\d:\d\d)? ?(?:\[\d+\] |\d+ )?(?:\[(?:Note|Warning|System|ERROR)\] )?(?:\[MY-\d+\] )?(?:\[\w+\] )?`)

func bare(line string) string { return strings.TrimSpace(marks.ReplaceAllString(line, "")) }

var errorMark = regexp.MustCompile(`\[ERROR\]|FATAL ERROR|(?i:^(?:\[\d+\] )?(?:[-0-9TZ:. ]*)?(?:xtrabackup|mariabackup|mariadb-backup|innodb|mbstream|xbstream)?:? ?(?:fatal )?error\b)|(?i:operating system error|xbstream:|mbstream:|access denied|assertion failure|got signal)`)

func isError(line string) bool { return errorMark.MatchString(line) }

func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// completed says whether the tool's last line is the one that all versions end with when they succeed.
func (s *said) completed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.HasSuffix(s.last, "completed OK!") && len(bytes.TrimSpace(s.part)) == 0
}

// errors are the lines that reported errors, or else the last lines.
func (s *said) errors() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.bad) > 0 {
		return strings.Join(s.bad, "; ")
	}
	const some, most = 4, 1200
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(s.b), "?")), "\n")
	for i := range lines {
		lines[i] = bare(lines[i])
	}
	text := strings.Join(lines[max(0, len(lines)-some):], "; ")
	return strings.ToValidUTF8(text[max(0, len(text)-most):], "")
}

var (
	copying = regexp.MustCompile(`^(?:Compressing and streaming|Compressing, encrypting and streaming|Encrypting and streaming|Streaming|Copying|copying) (?:log file )?(\S.*?)(?: to (?:<STDOUT>|\S+))?$`)
	locking = regexp.MustCompile(`(?i)^(?:starting|acquired locks for|finished|executing|acquiring|waiting|now waiting)\b.*(?:BACKUP STAGE|LOCK|FLUSH|quer)`)
)

// doing makes of a line what people are shown as the thing that is done now; "" when it says nothing of that.
func doing(text string) string {
	if p := copying.FindStringSubmatch(text); p != nil {
		return shorten("copying "+strings.TrimPrefix(p[1], "./"), shortText)
	}
	if locking.MatchString(text) {
		return shorten(text, shortText)
	}
	return ""
}
