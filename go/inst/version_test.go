package inst

import (
	"strings"
	"testing"
)

func TestVersionsOfEveryFlavourAreRead(t *testing.T) {
	for _, c := range []struct {
		text, comment   string
		flavour         Flavour
		major, minor, p int
	}{
		{"10.11.19-MariaDB-0+deb12u1-log", "Debian 12", MariaDB, 10, 11, 19},
		{"5.5.5-10.4.34-MariaDB-1:10.4.34+maria~ubu2004", "", MariaDB, 10, 4, 34},
		{"11.8.2", "MariaDB Server", MariaDB, 11, 8, 2},
		{"5.6.24-log", "MySQL Community Server (GPL)", MySQL, 5, 6, 24},
		{"5.5.5", "MySQL Community Server (GPL)", MySQL, 5, 5, 5},
		{"5.7.44-48-log", "Percona Server (GPL), Release 48", MySQL, 5, 7, 44},
		{"8.0.36-28", "Percona Server (GPL), Release 28, Revision 47601f19", MySQL, 8, 0, 36},
		{"8.4.0-commercial", "", MySQL, 8, 4, 0},
		{"9.7.4-2", "(Debian)", MySQL, 9, 7, 4},
	} {
		v, err := ParseVersion(c.text, c.comment)
		if err != nil || v.Flavour != c.flavour || v.Major != c.major || v.Minor != c.minor || v.Patch != c.p || v.Text != c.text {
			t.Errorf("%s: %+v, %v", c.text, v, err)
		}
	}
	for _, text := range []string{"", "8", "8.0", "8.0.", "v8.0.1", "MariaDB", "5.5.5-MariaDB", "99999999.0.0", "-1.0.0", "<html>"} {
		if v, err := ParseVersion(text); err == nil {
			t.Errorf("%q: %+v", text, v)
		}
	}
}

func TestVersionsCompareByNumbers(t *testing.T) {
	v := Version{Major: 8, Minor: 0, Patch: 22}
	for _, c := range []struct {
		major, minor int
		patch        []int
		want         bool
	}{{8, 0, nil, true}, {8, 0, []int{22}, true}, {8, 0, []int{23}, false}, {8, 1, nil, false}, {5, 7, nil, true}, {9, 0, nil, false}, {7, 99, []int{99}, true}} {
		if v.AtLeast(c.major, c.minor, c.patch...) != c.want {
			t.Errorf("%v at least %d.%d.%v: %t", v, c.major, c.minor, c.patch, !c.want)
		}
	}
}

func FuzzParseVersion(f *testing.F) {
	for _, s := range []string{"10.11.19-MariaDB-0+deb12u1-log", "5.5.5-10.4.34-MariaDB", "8.0.36-28", "9.7.4-2", "5.6.24-log", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseVersion(s)
		if err != nil {
			if len(err.Error()) > 500 {
				t.Errorf("error of %d bytes", len(err.Error()))
			}
			return
		}
		if !v.AtLeast(v.Major, v.Minor, v.Patch) || v.AtLeast(v.Major, v.Minor, v.Patch+1) || !strings.Contains(s, v.Series()) && !strings.Contains(s, "0") {
			t.Errorf("%q: %+v", s, v)
		}
	})
}
