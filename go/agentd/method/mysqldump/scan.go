package mysqldump

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpfile"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpsql"
)

const (
	readSize  = 1 << 20
	frameSize = 16 << 20 // a table's rows are cut into frames of about this many bytes
)

// sections is where a scanner puts what it reads; a *dumpfile.Writer.
type sections interface {
	io.Writer
	Begin(kind dumpfile.Kind, db, name string) error
	Cut() error
	FrameBytes() int64
}

// scanner reads the text of a dump and cuts it at the borders of its sections, which mysqldump marks with comments. A
// comment counts only between two statements, so that no text of a user's can pass for one.
type scanner struct {
	out       sections
	sql       dumpsql.Splitter
	pos       position
	kind      dumpfile.Kind
	db, name  string
	completed bool  // the closing line was the last that was not empty
	statement int64 // bytes of the present INSERT, or 0 between
	longest   int64
	what      func(db, table string) // told when the rows of a table begin
	written   func() int64           // bytes so far, for messages
}

// run reads all of r. The error is the reader's or the writer's; a cut dump is none here (see completed).
func (s *scanner) run(r io.Reader) error {
	if err := s.begin(dumpfile.Head, "", ""); err != nil {
		return err
	}
	b := bufio.NewReaderSize(r, readSize)
	for {
		line, err := b.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			err = nil
			if !s.inInsert(line) {
				var rest []byte
				line = bytes.Clone(line)
				rest, err = b.ReadBytes('\n')
				line = append(line, rest...)
			}
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("read from the dump program: %w", err)
		}
		if len(line) > 0 {
			if werr := s.line(line); werr != nil {
				return werr
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

func (s *scanner) begin(kind dumpfile.Kind, db, name string) error {
	s.kind, s.db, s.name = kind, db, name
	return s.out.Begin(kind, db, name)
}

// inInsert says that line, or a part of one, belongs to an INSERT, whose text is not looked into: in it a line ends with a
// semicolon only where the statement does, because mysqldump writes line breaks in values as \n.
func (s *scanner) inInsert(line []byte) bool {
	return s.kind == dumpfile.Data && (s.statement > 0 || bytes.HasPrefix(line, []byte("INSERT INTO ")))
}

func (s *scanner) line(line []byte) error {
	if s.inInsert(line) {
		return s.insertLine(line)
	}
	if s.sql.Between() {
		if err := s.between(line); err != nil {
			return err
		}
	}
	if s.kind == dumpfile.Head || s.kind == dumpfile.Tail {
		s.pos.line(line)
	}
	if err := s.sql.Line(line, s.count); err != nil {
		return err
	}
	_, err := s.out.Write(line)
	return err
}

func (s *scanner) count(statement []byte) error {
	s.longest = max(s.longest, int64(len(statement)))
	return nil
}

func (s *scanner) insertLine(line []byte) error {
	s.statement += int64(len(line))
	if _, err := s.out.Write(line); err != nil {
		return err
	}
	if !bytes.HasSuffix(line, []byte(";\n")) {
		return nil
	}
	s.longest = max(s.longest, s.statement)
	s.statement = 0
	if s.out.FrameBytes() >= frameSize {
		return s.out.Cut()
	}
	return nil
}

// between looks at a line that starts something new.
func (s *scanner) between(line []byte) error {
	text := strings.TrimRight(string(line), "\r\n")
	if strings.TrimSpace(text) == "" {
		return nil
	}
	s.completed = strings.HasPrefix(text, "-- Dump completed")
	if isTail(text) {
		if s.kind == dumpfile.Tail {
			return nil
		}
		return s.begin(dumpfile.Tail, "", "")
	}
	if kind, db, name, ok := s.section(text); ok {
		s.statement = 0
		if kind == dumpfile.Data && s.what != nil {
			s.what(db, name)
		}
		return s.begin(kind, db, name)
	}
	if s.kind == dumpfile.Data && !strings.HasPrefix(text, "--") && !dataStatement(text) {
		return s.begin(dumpfile.Trigger, s.db, s.name)
	}
	return nil
}

// marks are the comments that open sections, with the quote around the name.
var marks = []struct {
	text  string
	quote byte
	kind  dumpfile.Kind
}{
	{"-- Current Database: ", '`', dumpfile.Database},
	{"-- Table structure for table ", '`', dumpfile.Table},
	{"-- Sequence structure for ", '`', dumpfile.Table},
	{"-- Temporary table structure for view ", '`', dumpfile.Table},
	{"-- Temporary view structure for view ", '`', dumpfile.Table},
	{"-- Dumping data for table ", '`', dumpfile.Data},
	{"-- Final view structure for view ", '`', dumpfile.View},
	{"-- Dumping events for database ", '\'', dumpfile.Event},
	{"-- Dumping routines for database ", '\'', dumpfile.Routine},
	{"-- Dumping libraries for database ", '\'', dumpfile.Routine},
}

func (s *scanner) section(text string) (kind dumpfile.Kind, db, name string, ok bool) {
	for _, m := range marks {
		rest, found := strings.CutPrefix(text, m.text)
		if !found || rest == "" || rest[0] != m.quote {
			continue
		}
		if m.quote == '\'' { // the name is the present database's: written without escapes, so not read
			return m.kind, s.db, "", true
		}
		name, rest, ok := dumpsql.CutName(rest)
		if !ok || rest != "" {
			continue
		}
		if m.kind == dumpfile.Database {
			return m.kind, name, "", true
		}
		return m.kind, s.db, name, true
	}
	return "", "", "", false
}

// isTail knows the lines with which the end of a dump begins.
func isTail(text string) bool {
	switch {
	case strings.HasPrefix(text, "-- The deferred gtid setting "), strings.HasPrefix(text, "-- Dump completed"):
		return true
	case strings.HasPrefix(text, "SET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN"):
		return true
	}
	return (strings.HasPrefix(text, "/*!") || strings.HasPrefix(text, "/*M!")) && strings.Contains(text, "=@OLD_")
}

// dataStatement knows what stands among the INSERTs of a table and is not needed: how the loading is wrapped is decided
// when it is loaded.
func dataStatement(text string) bool {
	t := strings.ToUpper(text)
	for _, p := range []string{"LOCK TABLES ", "UNLOCK TABLES", "/*!40000 ALTER TABLE ", "SET AUTOCOMMIT=", "COMMIT;"} {
		if strings.HasPrefix(t, p) {
			return true
		}
	}
	return false
}
