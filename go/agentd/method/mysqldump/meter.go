package mysqldump

import (
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpfile"
)

// meter is a dumpfile.Writer that reports how far the dump is. The total is a guess from the server's figures: the text of
// rows may be longer or shorter; it grows when it is reached.
type meter struct {
	*dumpfile.Writer
	run   method.Runner
	total int64
	next  int64
	what  string
}

func newMeter(run method.Runner, out *dumpfile.Writer, total int64, s *scanner) *meter {
	m := &meter{Writer: out, run: run, total: max(total, 1), what: "dumping"}
	s.what = func(db, table string) { m.what = "dumping " + db + "." + table }
	s.written = out.RawBytes
	return m
}

// Write implements io.Writer.
func (m *meter) Write(p []byte) (int, error) {
	n, err := m.Writer.Write(p)
	if done := m.RawBytes(); done >= m.next {
		m.next = done + 1<<20
		m.total = max(m.total, done+done/20)
		m.run.Progress(done, m.total, m.what)
	}
	return n, err
}

// tail keeps the end of what is written into it.
type tail struct {
	max int
	b   []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > 2*t.max {
		t.b = append(t.b[:0], t.b[len(t.b)-t.max:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.b[max(0, len(t.b)-t.max):]) }
