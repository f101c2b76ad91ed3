package store

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/mattn/go-sqlite3"
)

func FuzzTimesAreReadBackAsWritten(f *testing.F) {
	for _, sample := range []string{"2026-11-22 18:00:00.123456", "2026-11-22 18:00:00", "0000-00-00 00:00:00", "", "1971-01-01 00:00:00.000",
		"2026-02-30 00:00:00", "9999-12-31 23:59:59.999999", "2026-11-22T18:00:00Z"} {
		f.Add(sample)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := parseTime(text)
		if err != nil || first.Year() < 1000 {
			return
		}
		var again time.Time
		if err := (timeInto{&again}).Scan(dbTime(first)); err != nil {
			t.Fatal(err)
		}
		if !again.Equal(stored(first)) {
			t.Fatalf("%q is %s, written and read %s", text, first, again)
		}
	})
}

func TestTimeColumnsOfEveryDriverAreRead(t *testing.T) {
	at := time.Date(2026, 11, 22, 18, 0, 0, 123456000, time.UTC)
	for _, src := range []any{at, at.In(time.FixedZone("x", 3600)), "2026-11-22 18:00:00.123456", []byte("2026-11-22 18:00:00.123456")} {
		var got time.Time
		if err := (timeInto{&got}).Scan(src); err != nil || !got.Equal(at) || got.Location() != time.UTC {
			t.Errorf("%T: got %s, %v", src, got, err)
		}
	}
	var got time.Time
	for _, src := range []any{int64(5), "yesterday"} {
		if err := (timeInto{&got}).Scan(src); err == nil {
			t.Errorf("%v: taken", src)
		}
	}
	var data map[string]int
	for _, src := range []any{int64(5), "{", []byte(`[1]`)} {
		if err := (jsonInto{&data}).Scan(src); err == nil {
			t.Errorf("JSON %v: taken", src)
		}
	}
}

func TestOnlyWhatWasCertainlyNotCommittedIsTriedAgain(t *testing.T) {
	deadlock, timeout, readOnly := &mysql.MySQLError{Number: 1213}, &mysql.MySQLError{Number: 1205}, &mysql.MySQLError{Number: 1290}
	busy := sqlite3.Error{Code: sqlite3.ErrBusy}
	for _, c := range []struct {
		d             *dialect
		err           error
		before, after bool // retried when it came before the commit was sent, and as its answer
	}{
		{&mysqlDialect, deadlock, true, true}, // a Galera node answers a commit so when it has rolled back
		{&mysqlDialect, timeout, true, true},
		{&mysqlDialect, readOnly, false, false},
		{&mysqlDialect, driver.ErrBadConn, true, false},
		{&mysqlDialect, mysql.ErrInvalidConn, true, false},
		{&mysqlDialect, errors.New("other"), false, false},
		{&sqliteDialect, busy, true, false},
		{&sqliteDialect, sqlite3.Error{Code: sqlite3.ErrFull}, false, false},
	} {
		err := fmt.Errorf("wrapped: %w", c.err)
		if c.d.retryable(err, false) != c.before || c.d.retryable(err, true) != c.after {
			t.Errorf("%s, %v: retried %t, %t", c.d.name, c.err, c.d.retryable(err, false), c.d.retryable(err, true))
		}
	}
}
