package estimate

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

const gib100 = 100 * int64(gb)

func TestTimeLeftIsTheStageThatRunsAndAllThatFollow(t *testing.T) {
	learned := Learned{
		agentapi.Backup: {Mid: 10, Low: 9, High: 12, Seeds: 4}, agentapi.Restore: {Mid: 1, Low: 0.9, High: 1.2, Seeds: 4},
		agentapi.ConnectSlave: {Mid: 0.5, Low: 0.4, High: 0.6, Seeds: 4},
	}
	for _, c := range []struct {
		name    string
		s       Seed
		seconds float64
		sure    Sure
		from    From // of the first part
		parts   int
	}{
		{"not begun, nothing learned", Seed{Method: agentapi.Xtrabackup, Stage: agentapi.Prepare, SourceBytes: gib100, Lag: -1},
			2 + 1002 + 205 + 2 + 20.5 + 2, Low, Default, 5},
		{"not begun, learned", Seed{Method: agentapi.Xtrabackup, Stage: agentapi.Prepare, SourceBytes: gib100, Lag: -1, Learned: learned},
			2 + 1002 + 105 + 2 + 52.5 + 2, High, Default, 5},
		{"half copied", Seed{Method: agentapi.Xtrabackup, Stage: agentapi.Backup, Started: 500 * time.Second, SourceBytes: gib100,
			Bytes: gib100 / 2, Total: gib100, Rate: 1e8, Lag: -1, Learned: learned}, 500 + 1 + 105 + 2 + 52.5 + 2, High, Measured, 4},
		{"copied past the total that was guessed", Seed{Method: agentapi.Xtrabackup, Stage: agentapi.Backup, Started: 400 * time.Second,
			SourceBytes: gib100, Bytes: gib100 + 1, Total: gib100, Rate: 1e8, Lag: -1, Learned: learned}, 20 + 1 + 105 + 2 + 52.5 + 2, High, Measured, 4},
		{"a receiver that does not know the total", Seed{Method: agentapi.LVM, Stage: agentapi.Backup, Started: 100 * time.Second,
			SourceBytes: gib100, Bytes: gib100 / 4, Total: gib100 / 4, Rate: 1e8, Lag: -1, Learned: learned}, 750 + 1 + 105 + 2 + 0.5*956 + 2, High, Measured, 4},
		{"no bytes seen yet", Seed{Method: agentapi.Xtrabackup, Stage: agentapi.Backup, Started: 2 * time.Second, SourceBytes: gib100, Lag: -1,
			Learned: learned}, 1000 + 105 + 2 + 52.5 + 2, High, Earlier, 4},
		{"tables are being made, no rows yet", Seed{Method: agentapi.Mysqldump, Stage: agentapi.Restore, Started: 2 * time.Second, SourceBytes: gib100,
			Bytes: 884, Total: 275 << 20, Rate: 1200, Lag: -1, Learned: learned}, 105 - 2 + 2 + 0.5*105 + 2, High, Earlier, 3},
		{"no rows after a long time", Seed{Method: agentapi.Mysqldump, Stage: agentapi.Restore, Started: 100 * time.Second, SourceBytes: gib100,
			Bytes: 1000, Total: 200000, Rate: 10, Lag: -1, Learned: learned}, 19900 + 2.5 + 2 + 0.5*20002.5 + 2, Low, Measured, 3},
		{"redo log applied to a half", Seed{Method: agentapi.Xtrabackup, Stage: agentapi.Restore, Started: 60 * time.Second, SourceBytes: gib100,
			Bytes: 500, Total: 1000, Rate: 10, Took: map[agentapi.Stage]float64{agentapi.Backup: 1000}, Lag: -1, Learned: learned},
			50 + 2.5 + 2 + 0.5*112.5 + 2, High, Measured, 3},
		{"catching up", Seed{Method: agentapi.Mysqldump, Stage: agentapi.ConnectSlave, Started: time.Minute, SourceBytes: gib100, Lag: 600, Falls: 5},
			120 + 1 + 2, High, Measured, 2},
		{"a lag that does not fall", Seed{Method: agentapi.Mysqldump, Stage: agentapi.ConnectSlave, Started: 10 * time.Second, Lag: 600,
			Took: map[agentapi.Stage]float64{agentapi.Backup: 600, agentapi.Restore: 2400}}, 2 + 300 - 10 + 2, Low, Default, 2},
		{"cleaning up", Seed{Method: agentapi.Mysqldump, Stage: agentapi.Cleanup, Lag: -1}, 2, High, Default, 1},
		{"a retry waits", Seed{Method: agentapi.Mysqldump, Stage: agentapi.Cleanup, Wait: time.Minute, Lag: -1}, 62, High, Default, 1},
		{"bounded to 20 MB/s", Seed{Method: agentapi.LVM, Stage: agentapi.Backup, SourceBytes: gib100, Bandwidth: 2e7, Lag: -1, Learned: learned},
			5000 + 105 + 2 + 0.5*5105 + 2, Medium, Earlier, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, ok := Left(c.s)
			if !ok || math.Abs(e.Seconds-c.seconds) > 0.01 || e.Sure != c.sure || len(e.Parts) != c.parts || e.Parts[0].From != c.from {
				t.Errorf("want %.1f, got %t %+v", c.seconds, ok, e)
			}
		})
	}
}

func TestNothingIsSaidWithoutASizeOrAMethod(t *testing.T) {
	for name, s := range map[string]Seed{
		"no size":        {Method: agentapi.LVM, Stage: agentapi.Backup, Lag: -1},
		"unknown method": {Method: "Rsync", Stage: agentapi.Backup, SourceBytes: 1, Lag: -1},
		"unknown stage":  {Method: agentapi.LVM, Stage: "Dream", SourceBytes: 1, Lag: -1},
	} {
		if e, ok := Left(s); ok {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestLearnedFromSeedsOfTheSameSize(t *testing.T) {
	took := func(backup, restore, connect float64) map[agentapi.Stage]float64 {
		return map[agentapi.Stage]float64{agentapi.Backup: backup, agentapi.Restore: restore, agentapi.ConnectSlave: connect}
	}
	l := Learn(agentapi.Xtrabackup, gib100, []Past{
		{gib100, took(1002, 105, 2)},      // 10 s/GB, 1 s/GB, caught up at once
		{gib100 / 2, took(602, 105, 107)}, // 12, 2, as long as the restore took
		{gib100, took(802, 105, 2)},       // 8, 1, 0
		{gib100 / 50, took(90, 90, 90)},   // too small to say something
		{0, took(1, 1, 1)},                // of a version that did not note sizes
	})
	wanted := Learned{agentapi.Backup: {10, 8, 12, 3}, agentapi.Restore: {1, 1, 2, 3}, agentapi.ConnectSlave: {0, 0, 1, 3}}
	for stage, want := range wanted {
		if l[stage] != want {
			t.Errorf("%s: %+v, want %+v", stage, l[stage], want)
		}
	}
	if one := Learn(agentapi.LVM, gib100, []Past{{gib100, took(1502, 5, 2)}}); one[agentapi.Backup] != (Rate{15, 10, 22.5, 1}) {
		t.Errorf("one seed alone: %+v", one)
	}
}

func TestEveryEstimateLiesInItsRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := func(name string) Rate {
			low := rapid.Float64Range(0, 100).Draw(t, name)
			mid := low + rapid.Float64Range(0, 100).Draw(t, name)
			return Rate{Mid: mid, Low: low, High: mid + rapid.Float64Range(0, 100).Draw(t, name)}
		}
		s := Seed{
			Method: rapid.SampledFrom(agentapi.Methods).Draw(t, "method"), Stage: rapid.SampledFrom(agentapi.Stages).Draw(t, "stage"),
			Started: time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "started")), Bytes: rapid.Int64Range(0, 1e15).Draw(t, "bytes"),
			Total: rapid.Int64Range(0, 1e15).Draw(t, "total"), Rate: rapid.Int64Range(0, 1e10).Draw(t, "rate"),
			SourceBytes: rapid.Int64Range(1, 1e15).Draw(t, "source"), Bandwidth: rapid.Int64Range(0, 1e10).Draw(t, "bound"),
			Lag: rapid.Int64Range(-1, 1e6).Draw(t, "lag"), Falls: rapid.Float64Range(0, 100).Draw(t, "falls"),
			Learned: Learned{agentapi.Backup: rate("backup"), agentapi.Restore: rate("restore")},
		}
		e, ok := Left(s)
		if !ok || e.Low < 0 || e.Low > e.Seconds || e.Seconds > e.High || math.IsInf(e.High, 0) || math.IsNaN(e.High) || e.Sure == "" {
			t.Fatalf("%t %+v", ok, e)
		}
		for _, p := range e.Parts {
			if p.Name == "" || p.From == "" || p.Low > p.Seconds || p.Seconds > p.High {
				t.Fatalf("%+v", p)
			}
		}
	})
}
