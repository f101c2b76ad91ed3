package gtid_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/orchestrator-seed/orchestrator-seed/go/inst/gtid"
)

const uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562"

func TestGuessTellsTheFlavours(t *testing.T) {
	for text, want := range map[string]gtid.Kind{
		"": gtid.KindEmpty, " \n": gtid.KindEmpty, "0-11-1": gtid.KindMariaDB, "0-11-1,1-11-5": gtid.KindMariaDB, uuid + ":1-5": gtid.KindMySQL,
		uuid + ":1-3:tag:5-7": gtid.KindMySQL, strings.ToUpper(uuid) + ":1,\n" + uuid + ":2": gtid.KindMySQL, "<html>": "", uuid: "", "0-1": "", uuid + ":1,0-11-1": "",
	} {
		if got, err := gtid.Guess(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestLongTextsAreRefusedAndLongSetsAreQuick(t *testing.T) {
	if _, err := gtid.ParseMySQL(strings.Repeat(" ", gtid.MaxText+1)); !errors.Is(err, gtid.ErrTooLong) {
		t.Error(err)
	}
	if _, err := gtid.ParseMariaDB(strings.Repeat(" ", gtid.MaxText+1)); !errors.Is(err, gtid.ErrTooLong) {
		t.Error(err)
	}
	var odd, even strings.Builder
	odd.WriteString(uuid)
	even.WriteString(uuid)
	for i := 400_000; i > 0; i-- {
		b := &odd
		if i%2 == 0 {
			b = &even
		}
		b.WriteString(":")
		b.WriteString(strconv.Itoa(2 * i))
	}
	began := time.Now()
	a, err := gtid.ParseMySQL(odd.String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := gtid.ParseMySQL(even.String())
	if err != nil {
		t.Fatal(err)
	}
	u := a.Union(b)
	if !u.Contains(a) || !u.Subtract(b).Equal(a) || a.Contains(b) {
		t.Error("union, subtraction and inclusion do not fit")
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("400,000 intervals took %v", took)
	}
}

func TestMySQLSetsObeyTheLawsOfSets(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, err1 := gtid.ParseMySQL(mysqlText().Draw(rt, "a"))
		b, err2 := gtid.ParseMySQL(mysqlText().Draw(rt, "b"))
		if err1 != nil || err2 != nil {
			rt.Fatal(err1, err2)
		}
		u := a.Union(b)
		if !u.Equal(b.Union(a)) || !u.Contains(a) || !u.Contains(b) || !a.Subtract(b).Union(b).Equal(u) {
			rt.Fatalf("union of %s and %s: %s", a, b, u)
		}
		if d := a.Subtract(b); !a.Contains(d) || !d.Subtract(b).Equal(d) || !a.Subtract(a).IsEmpty() || !b.Contains(d) != !d.IsEmpty() {
			rt.Fatalf("%s minus %s: %s", a, b, d)
		}
		back, err := gtid.ParseMySQL(a.String())
		if err != nil || !back.Equal(a) || back.HasTags() != a.HasTags() {
			rt.Fatalf("%s read back: %s, %v", a, back, err)
		}
	})
}

func TestMariaDBSetsKeepTheNewestOfEachDomain(t *testing.T) {
	state, err := gtid.ParseMariaDB(" 0-1-5, 1-11-5 ,0-2-9,0-1-3\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := state.String(); got != "0-1-5,0-2-9,1-11-5" {
		t.Error(got)
	}
	if got := state.Position().String(); got != "0-2-9,1-11-5" {
		t.Error(got)
	}
	for text, want := range map[string]bool{"": true, "0-7-9": true, "0-7-10": false, "2-1-1": false, "1-1-1,0-1-1": true} {
		set, err := gtid.ParseMariaDB(text)
		if err != nil || state.Contains(set) != want {
			t.Errorf("%s contains %q: %t, %v", state, text, !want, err)
		}
	}
}

func TestMariaDBSetsObeyTheLawsOfSets(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := mariaDBSet(rt, "a"), mariaDBSet(rt, "b")
		u := a.Union(b)
		if !u.Equal(b.Union(a)) || !u.Contains(a) || !u.Contains(b) {
			rt.Fatalf("union of %s and %s: %s", a, b, u)
		}
		if d := a.Subtract(b); !a.Contains(d) || d.IsEmpty() != b.Contains(a) {
			rt.Fatalf("%s minus %s: %s", a, b, d)
		}
		if p := a.Position(); !p.Contains(a) || !a.Contains(p) {
			rt.Fatalf("position of %s: %s", a, p)
		}
	})
}

func FuzzParseMySQL(f *testing.F) {
	for _, s := range []string{"", uuid + ":1-5", uuid + ":1-3:tag:5-7:9:tag2:1", strings.ToUpper(uuid) + ":1-3:5,\n " + uuid + " : 7 - 9", uuid, ":", uuid + ":5-3", uuid + ":1:tag", "0-1-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		set, err := gtid.ParseMySQL(s)
		if err != nil {
			return
		}
		back, err := gtid.ParseMySQL(set.String())
		if err != nil || !back.Equal(set) || back.String() != set.String() {
			t.Errorf("%q became %q and then %q, %v", s, set, back, err)
		}
		if !set.Contains(back) || !set.Subtract(back).IsEmpty() || !set.Union(back).Equal(set) {
			t.Errorf("%q is not equal to itself", s)
		}
	})
}

func FuzzParseMariaDB(f *testing.F) {
	for _, s := range []string{"", "0-11-1", "0-11-1,1-11-5", "0-1-5,0-2-9,0-1-3", " 0-1-2 ", "4294967295-4294967295-18446744073709551615", "0-1", "0-1-2,", "-1-1-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		set, err := gtid.ParseMariaDB(s)
		if err != nil {
			return
		}
		back, err := gtid.ParseMariaDB(set.String())
		if err != nil || !back.Equal(set) {
			t.Errorf("%q became %q and then %q, %v", s, set, back, err)
		}
		if p := set.Position(); !p.Contains(set) || !set.Contains(p) {
			t.Errorf("%q and its position %q are not the same", s, p)
		}
	})
}
