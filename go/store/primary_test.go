package store

import (
	"slices"
	"testing"
)

func TestBackendsHostsAreReadWithAndWithoutPorts(t *testing.T) {
	for in, want := range map[string][]string{
		"db1":                      {"db1:3307"},
		"db1:3306":                 {"db1:3306"},
		"db1, db2:3310 ,127.0.0.3": {"db1:3307", "db2:3310", "127.0.0.3:3307"},
		"::1":                      {"[::1]:3307"},
		"[::1]:3306,[fd00::2]":     {"[::1]:3306", "[fd00::2]:3307"},
		"fd00::1,db2":              {"[fd00::1]:3307", "db2:3307"},
	} {
		got, err := addresses(in, 3307)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"db1,", ",", "db1:x", "db1:0", "db1:70000"} {
		if got, err := addresses(in, 3307); err == nil {
			t.Errorf("%q is read as %v", in, got)
		}
	}
}

func FuzzBackendsHosts(f *testing.F) {
	for _, in := range []string{"db1", "db1:3306,db2", "::1", "[::1]:3306", ",", "a:b:c"} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := addresses(in, 3306)
		if err == nil && len(got) == 0 {
			t.Errorf("%q names no server and is no error", in)
		}
	})
}
