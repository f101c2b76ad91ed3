package mydumper

import (
	"slices"
	"testing"
)

func TestOptionsThatChangeWhatIsReliedOnAreRefused(t *testing.T) {
	for _, o := range []string{"--trx-consistency-only", "--no-locks", "--password=x", "-k", "x", "--outputdir=/tmp", "--REGEX=x", "--trx-tables", "--sync-thread-lock-mode=AUTO", "--where=1=0", "--stream", "--load-data"} {
		if _, err := checkExtra("k", []string{o}, dumpReserved); err == nil {
			t.Errorf("%s was taken", o)
		}
	}
	keep, err := checkExtra("k", []string{"--threads=4", "--compress", "--rows=100000", "--use-savepoints"}, dumpReserved)
	if want := []string{"--threads=4", "--rows=100000", "--use-savepoints"}; err != nil || !slices.Equal(keep, want) {
		t.Errorf("got %v, %v", keep, err)
	}
	for _, o := range []string{"--enable-binlog", "--drop-table=DROP", "--disable-redo-log", "--purge-mode=TRUNCATE", "--ignore-errors=1062"} {
		if _, err := checkExtra("k", []string{o}, loadReserved); err == nil {
			t.Errorf("%s was taken", o)
		}
	}
}
