package sandbox

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestBulkDataHasAboutTheSizeAskedForAndIsTheSameEveryTime(t *testing.T) {
	eachKind(t, func(t *testing.T, kind Kind) {
		ctx := context.Background()
		db := StartT(t, Options{Kind: kind}).Open("")
		const size = 24 << 20
		began := time.Now()
		for _, schema := range []string{"one", "two"} {
			if err := Fill(ctx, db, FillOptions{NoObjects: true, Bytes: size, Tables: 2, Schema: schema}); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%d MiB in %s", 2*size>>20, time.Since(began))
		if _, err := db.Exec("ANALYZE TABLE one.sbtest1, one.sbtest2"); err != nil {
			t.Fatal(err)
		}
		var bytes int
		err := db.QueryRow("SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = 'one'").Scan(&bytes)
		if err != nil || bytes < size*6/10 || bytes > size*14/10 {
			t.Errorf("%d bytes, %v; asked for %d", bytes, err, size)
		}
		found, err := takeInventory(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"`sbtest1`", "`sbtest2`"} {
			one, two := found["rows of `one`."+table], found["rows of `two`."+table]
			if one == "" || one != two {
				t.Errorf("%s: first time %q, second time %q", table, one, two)
			}
		}
		if found["rows of `one`.`sbtest1`"] == found["rows of `one`.`sbtest2`"] {
			t.Error("two tables hold the same rows")
		}
	})
}

func TestBulkDataGoesToTheBinaryLogWhenAskedTo(t *testing.T) {
	ctx := context.Background()
	db := StartT(t, Options{Kind: MariaDB}).Open("")
	written := func(opts FillOptions) int {
		t.Helper()
		var before, after int
		const query = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Binlog_bytes_written'"
		if err := db.QueryRow(query).Scan(&before); err != nil {
			t.Fatal(err)
		}
		if err := Fill(ctx, db, opts); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRow(query).Scan(&after); err != nil {
			t.Fatal(err)
		}
		return after - before
	}
	if n := written(FillOptions{NoObjects: true, Bytes: 2 << 20, Schema: "quiet"}); n > 100<<10 {
		t.Errorf("%d bytes in the binary log without Logged", n)
	}
	if n := written(FillOptions{NoObjects: true, Bytes: 2 << 20, Schema: "logged", Logged: true}); n < 1<<20 {
		t.Errorf("%d bytes in the binary log with Logged", n)
	}
}

func TestWriteLoadEnduresAServerThatIsKilledAndComesBack(t *testing.T) {
	s := StartT(t, Options{Kind: MariaDB})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	load, err := WriteLoad(ctx, s.Open(""), LoadOptions{Rate: 500, Endure: true})
	if err != nil {
		t.Fatal(err)
	}
	until := func(what string, f func() bool) {
		t.Helper()
		Eventually(t, 20*time.Second, func() error {
			if !f() {
				return errors.New("not yet: " + what)
			}
			return nil
		})
	}
	until("rows", func() bool { return load.Rows() > 10 })
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	until("errors", func() bool { return load.Errors() > 0 })
	if err := s.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	before := load.Rows()
	until("rows after the restart", func() bool { return load.Rows() > before+10 })
	cancel()
	if _, err := load.Wait(); err != nil {
		t.Error(err)
	}
}
