package mysqldump

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/host"
	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method/dumpfile"
)

// listed keeps the sections that a scanner makes.
type listed struct {
	bytes.Buffer
	sections []string
	frame    int64
}

func (l *listed) Begin(kind dumpfile.Kind, db, name string) error {
	l.sections = append(l.sections, fmt.Sprintf("%s %s.%s", kind, db, name))
	l.frame = 0
	return nil
}

func (l *listed) Write(p []byte) (int, error) {
	l.frame += int64(len(p))
	return l.Buffer.Write(p)
}

func (l *listed) Cut() error        { l.frame = 0; l.sections = append(l.sections, "cut"); return nil }
func (l *listed) FrameBytes() int64 { return l.frame }

func scan(text string) (*listed, *scanner, error) {
	l := &listed{}
	s := &scanner{out: l}
	err := s.run(strings.NewReader(text))
	return l, s, err
}

func TestTextOfUsersDoesNotPassForASection(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "objects-mariadb.sql"))
	if err != nil {
		t.Fatal(err)
	}
	l, s, err := scan(string(text))
	if err != nil || !s.completed {
		t.Fatalf("completed %v, %v", s.completed, err)
	}
	if l.String() != string(text) {
		t.Error("the text was changed")
	}
	want := []string{"head .", "database o b.", "table o b.s1", "table o b.c", "data o b.c", "trigger o b.c", "table o b.my", "data o b.my",
		"table o b.p", "data o b.p", "table o b.pt", "data o b.pt", "table o b.v1", "table o b.v2", "table o b.va", "event o b.", "routine o b.",
		"database o b.", "view o b.v1", "view o b.v2", "view o b.va", "tail ."}
	if !slices.Equal(l.sections, want) {
		t.Errorf("sections are\n%q, want\n%q", l.sections, want)
	}
	for cut := range len(text) - 1 {
		if cut%97 != 0 {
			continue
		}
		if _, s, _ := scan(string(text[:cut])); s.completed && !strings.Contains(string(text[:cut]), "-- Dump completed") {
			t.Errorf("cut after %d bytes, it counts as complete", cut)
		}
	}
}

func TestLargeTableIsCutBetweenStatements(t *testing.T) {
	row := "INSERT INTO `t` VALUES\n(1,'" + strings.Repeat("x", readSize*3) + "');\n"
	text := "-- Current Database: `d`\n-- Dumping data for table `t`\n" + strings.Repeat(row, 12) + "-- Dump completed\n"
	l, s, err := scan(text)
	if err != nil || !s.completed || l.String() != text {
		t.Fatalf("completed %v, %v", s.completed, err)
	}
	if want := []string{"head .", "database d.", "data d.t", "cut", "cut", "tail ."}; !slices.Equal(l.sections, want) {
		t.Errorf("sections are %q, want %q", l.sections, want)
	}
	if s.longest != int64(len(row)) {
		t.Errorf("the longest statement has %d bytes, want %d", s.longest, len(row))
	}
}

func FuzzScan(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "objects-mariadb.sql"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add("-- Dumping data for table `t`\nINSERT INTO `t` VALUES (1);\n-- Dump completed")
	f.Fuzz(func(t *testing.T, text string) {
		l, _, err := scan(text)
		if err != nil {
			t.Fatal(err)
		}
		if l.String() != text {
			t.Error("the text was changed")
		}
	})
}

func TestEnabledEventsBecomeDisabledOnTheReplica(t *testing.T) {
	maria, mysql := host.Server{Flavour: host.FlavourMariaDB, Major: 10}, host.Server{Flavour: host.FlavourMySQL, Major: 9}
	const head = "/*!50106 CREATE*/ /*!50117 DEFINER=`an EVENT x`@`%`*/ /*!50106 EVENT `e ON COMPLETION PRESERVE ENABLE ` ON SCHEDULE EVERY 1 SECOND"
	for _, c := range []struct {
		server     host.Server
		text, want string
	}{
		{maria, " ON COMPLETION NOT PRESERVE ENABLE DO select 1 */", " ON COMPLETION NOT PRESERVE DISABLE ON SLAVE DO select 1 */"},
		{mysql, " ON COMPLETION PRESERVE ENABLE DO select 1 */", " ON COMPLETION PRESERVE DISABLE ON REPLICA DO select 1 */"},
		{mysql, " ON COMPLETION PRESERVE DISABLE DO select ' ON COMPLETION PRESERVE ENABLE ' */", " ON COMPLETION PRESERVE DISABLE DO select ' ON COMPLETION PRESERVE ENABLE ' */"},
	} {
		if got := disableEvent(head+c.text, c.server); got != head+c.want {
			t.Errorf("got  %s\nwant %s", got, head+c.want)
		}
	}
}
