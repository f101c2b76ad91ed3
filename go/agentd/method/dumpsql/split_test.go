package dumpsql

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func statements(t testing.TB, text string) []string {
	t.Helper()
	var s Splitter
	var out []string
	emit := func(b []byte) error { out = append(out, string(b)); return nil }
	for line := range bytes.Lines([]byte(text)) {
		if err := s.Line(line, emit); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Rest(emit); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStatementsAreCutAsClientsDo(t *testing.T) {
	for text, want := range map[string][]string{
		"a; b;\nc":                       {"a", "b", "c"},
		"a ';' \";\" `;` ;b":             {"a ';' \";\" `;`", "b"},
		`a '\';' ; b 'it''s;' ;`:         {`a '\';'`, `b 'it''s;'`},
		"-- x;\n# y;\n/* z; */ a;\n":     {"a"},
		"a -- x;\n b;":                   {"a -- x;\n b"},
		"a --x;b":                        {"a --x", "b"},
		"/*!50001 CREATE VIEW ';' */;\n": {"/*!50001 CREATE VIEW ';' */"},
		"DELIMITER ;;\ncreate x begin y; /* keep; */ end ;;\ndelimiter ;\nb;": {"create x begin y; /* keep; */ end", "b"},
		"/*!50003 SET sql_mode = 'NO_BACKSLASH_ESCAPES' */ ;\na '\\';/*!50003 SET sql_mode = @saved_sql_mode */ ;b '\\';';": {
			"/*!50003 SET sql_mode = 'NO_BACKSLASH_ESCAPES' */", `a '\'`, "/*!50003 SET sql_mode = @saved_sql_mode */", `b '\';'`},
		"/*M!999999\\- enable the sandbox mode */ \n-- x\nUSE `a`;": {"/*M!999999\\- enable the sandbox mode */ \n-- x\nUSE `a`"},
	} {
		if got := statements(t, text); !slices.Equal(got, want) {
			t.Errorf("%q gave %q, want %q", text, got, want)
		}
	}
}

func FuzzSplitter(f *testing.F) {
	f.Add("a; b 'x;';\nDELIMITER ;;\ncreate y;; delimiter ;\n/* c")
	f.Add("/*!50003 SET sql_mode = 'NO_BACKSLASH_ESCAPES' */ ;\n'\\';")
	f.Fuzz(func(t *testing.T, text string) {
		if n := len(strings.Join(statements(t, text), "")); n > len(text) {
			t.Errorf("%d bytes of statements out of %d", n, len(text))
		}
	})
}

func FuzzName(f *testing.F) {
	f.Add("a`b")
	f.Fuzz(func(t *testing.T, name string) {
		got, rest, ok := CutName(Name(name) + "rest")
		if !ok || got != name || rest != "rest" {
			t.Errorf("%q came back as %q, %q", name, got, rest)
		}
	})
}
