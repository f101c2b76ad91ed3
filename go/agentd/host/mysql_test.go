package host

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestOptionFileIsReadBackByTheServersOwnReader(t *testing.T) {
	for _, password := range []string{
		"plain", "with space ", " lead", `quote"double`, `quote'single`, `back\slash`, `back\\two`, `\n`, `end\`, "#hash", "a#b;c", "ümläut-✓",
		"tab\tnew\nline", `"`, `'`, `''`, `"quoted"`, "comma,colon:at@slash/percent%", "", "=", "a=b", "[x]", `\s`, "$HOME ${A}",
	} {
		m := NewMySQL(MySQLOptions{User: "agent", Password: password})
		path, err := m.DefaultsFile(t.TempDir(), Address{Host: "127.0.0.11", Port: 3307})
		if err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(path)
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", st.Mode(), err)
		}
		out, err := exec.Command("my_print_defaults", "--defaults-file="+path, "--show", "client").CombinedOutput()
		if err != nil { // MariaDB's has no --show and always shows
			out, err = exec.Command("my_print_defaults", "--defaults-file="+path, "client").CombinedOutput()
		}
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		want := "--user=agent\n--password=" + password + "\n--host=127.0.0.11\n--port=3307\n--protocol=tcp\n"
		if string(out) != want {
			t.Errorf("password %q: read back as\n%s", password, out)
		}
	}
}

func TestOptionFileRefusesWhatItCannotHold(t *testing.T) {
	for _, password := range []string{"zero\x00byte", strings.Repeat("x", 5000)} {
		m := NewMySQL(MySQLOptions{User: "agent", Password: password})
		if _, err := m.DefaultsFile(t.TempDir(), m.Local()); err == nil {
			t.Errorf("%.10q was accepted", password)
		}
	}
}

func FuzzParseServer(f *testing.F) {
	for _, s := range []string{"10.11.19-MariaDB-0+deb12u1-log", "5.5.5-10.4.2-MariaDB", "8.0.36", "9.7.0", "5.6.24-log", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseServer(s)
		if err == nil && got.Flavour == "" {
			t.Errorf("%q has no flavour", s)
		}
	})
}

func TestServerVersionsAreRead(t *testing.T) {
	for text, want := range map[string]Server{
		"10.11.19-MariaDB-0+deb12u1-log": {Flavour: FlavourMariaDB, Major: 10, Minor: 11, Patch: 19},
		"5.5.5-10.4.2-MariaDB":           {Flavour: FlavourMariaDB, Major: 10, Minor: 4, Patch: 2},
		"8.0.36-28":                      {Flavour: FlavourMySQL, Major: 8, Minor: 0, Patch: 36},
		"9.7.0":                          {Flavour: FlavourMySQL, Major: 9, Minor: 7, Patch: 0},
	} {
		want.Version = text
		got, err := ParseServer(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	s := Server{Major: 8, Minor: 4, Patch: 1}
	if !s.AtLeast(8, 4, 0) || !s.AtLeast(8, 0, 99) || s.AtLeast(9, 0, 0) || s.AtLeast(8, 4, 2) {
		t.Error("versions are compared wrongly")
	}
}

func TestPasswordIsNeverPrinted(t *testing.T) {
	m := NewMySQL(MySQLOptions{User: "agent", Password: "s3cr3t"})
	for _, s := range []string{m.String(), m.GoString(), m.LogValue().String()} {
		if strings.Contains(s, "s3cr3t") {
			t.Error(s)
		}
	}
}
