package dumpsql

import (
	"bytes"
	"regexp"
)

var setMode = regexp.MustCompile(`^(?i)(?:/\*!\d* *)?SET +(?:SESSION +)?sql_mode\b`)

// Splitter cuts a dump's text into statements, line by line, by the rules of the client programs: quotes, comments, and
// DELIMITER lines. Unlike them it leaves the comments inside of a statement as they are, so that the body of a routine
// arrives as it was written. The zero value is ready.
//
// It follows the SET sql_mode statements that dump programs write around the objects of users, because one mode changes what
// a backslash in quotes means.
//
// Text is taken as ASCII-compatible bytes whose multi-byte characters hold no ASCII byte, which is true of UTF-8, in which
// dumps are made here.
type Splitter struct {
	cur   []byte
	code  bool // cur holds more than blanks and comments
	state byte // 0, or the quote ' " ` that is open, or '*' in a comment
	delim []byte
	plain bool // the session has NO_BACKSLASH_ESCAPES set: a backslash is a letter like others
}

// Between says that no statement or comment is open: what follows is the start of something new.
func (s *Splitter) Between() bool { return !s.code && s.state == 0 }

// Line takes the next line with its line break (the last one may lack it) and calls emit for each statement that ends in
// it, without its delimiter. The bytes are only valid during the call.
func (s *Splitter) Line(line []byte, emit func(statement []byte) error) error {
	if s.Between() && s.delimiterLine(line) {
		return nil
	}
	for i := 0; i < len(line); {
		n, ended := s.step(line[i:])
		if ended {
			if err := s.end(emit); err != nil {
				return err
			}
		}
		i += n
	}
	return nil
}

// Rest calls emit for a last statement without a delimiter.
func (s *Splitter) Rest(emit func(statement []byte) error) error { return s.end(emit) }

func (s *Splitter) end(emit func([]byte) error) error {
	text, code := bytes.TrimSpace(s.cur), s.code
	s.cur, s.code = s.cur[:0], false
	if !code {
		return nil
	}
	if setMode.Match(text) {
		s.plain = bytes.Contains(text, []byte("NO_BACKSLASH_ESCAPES"))
	}
	return emit(text)
}

func (s *Splitter) delimiterLine(line []byte) bool {
	const word = "delimiter "
	if len(line) < len(word) || !bytes.EqualFold(line[:len(word)], []byte(word)) {
		return false
	}
	if d := bytes.Fields(line[len(word):]); len(d) > 0 {
		s.delim = bytes.Clone(d[0])
	}
	s.cur = s.cur[:0]
	return true
}

// step takes in what stands at the start of b and says how long that is, and whether it was the delimiter.
func (s *Splitter) step(b []byte) (n int, ended bool) {
	switch {
	case s.state == '*':
		return s.inComment(b), false
	case s.state != 0:
		return s.inQuotes(b), false
	}
	delim := s.delim
	if len(delim) == 0 {
		delim = []byte(";")
	}
	switch c := b[0]; {
	case bytes.HasPrefix(b, delim):
		return len(delim), true
	case c == '\'' || c == '"' || c == '`':
		s.state, s.code = c, true
	case isLineComment(b):
		return s.lineComment(b), false
	case bytes.HasPrefix(b, []byte("/*")) && !isCodeComment(b):
		s.state = '*'
		s.cur = append(s.cur, b[:2]...)
		return 2, false
	case c > ' ':
		s.code = true
	}
	s.cur = append(s.cur, b[0])
	return 1, false
}

func (s *Splitter) inComment(b []byte) int {
	end := bytes.Index(b, []byte("*/"))
	if end < 0 {
		s.cur = append(s.cur, b...)
		return len(b)
	}
	s.state = 0
	if s.code {
		s.cur = append(s.cur, b[:end+2]...)
	} else {
		s.cur = s.cur[:0]
	}
	return end + 2
}

func (s *Splitter) inQuotes(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '\\' && s.state != '`' && !s.plain && i+1 < len(b):
			i++
		case b[i] == s.state: // a doubled quote closes and opens again: the same
			s.state = 0
			s.cur = append(s.cur, b[:i+1]...)
			return i + 1
		}
	}
	s.cur = append(s.cur, b...)
	return len(b)
}

func (s *Splitter) lineComment(b []byte) int {
	end := len(b)
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		end = i + 1
	}
	if s.code {
		s.cur = append(s.cur, b[:end]...)
	}
	return end
}

func isLineComment(b []byte) bool {
	if b[0] == '#' {
		return true
	}
	return len(b) >= 2 && b[0] == '-' && b[1] == '-' && (len(b) == 2 || b[2] <= ' ')
}

// isCodeComment knows the comments that servers run: /*!40000 ... */ and MariaDB's /*M!100100 ... */, and hints.
func isCodeComment(b []byte) bool {
	return bytes.HasPrefix(b, []byte("/*!")) || bytes.HasPrefix(b, []byte("/*M!")) || bytes.HasPrefix(b, []byte("/*+"))
}
