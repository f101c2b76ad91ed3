package cli

import (
	"testing"
	"time"
)

func TestSizesReadAsPeopleSayThem(t *testing.T) {
	for n, want := range map[int64]string{
		-1: "-", 0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 102348: "99.9 KiB", 102400: "100 KiB",
		1<<20 - 1: "1.0 MiB", 1288490189: "1.2 GiB", 122406567936: "114 GiB", 1 << 40: "1.0 TiB", 1<<63 - 1: "8.0 EiB",
	} {
		if got := formatBytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	if got := formatRate(104857600) + " " + formatRate(0); got != "100 MiB/s -" {
		t.Errorf("rates: %s", got)
	}
}

func TestDurationsKeepTwoUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                       "0.0s",
		400 * time.Millisecond:                  "0.4s",
		960 * time.Millisecond:                  "1s",
		12 * time.Second:                        "12s",
		59600 * time.Millisecond:                "1m00s",
		184 * time.Second:                       "3m04s",
		3599*time.Second + 600*time.Millisecond: "1h00m",
		125 * time.Minute:                       "2h05m",
		76 * time.Hour:                          "3d04h",
		-90 * time.Second:                       "-1m30s",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("%d is %q, want %q", d, got, want)
		}
	}
	if got := formatETA(184) + formatETA(-1); got != "3m04s left" {
		t.Errorf("time left: %q", got)
	}
}

func TestTimesNearAreDistancesAndOthersLocal(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	east := time.FixedZone("east", 3600)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Time{}, "-"},
		{now, "now"},
		{now.Add(-184 * time.Second), "3m04s ago"},
		{now.Add(184 * time.Second), "in 3m04s"},
		{now.Add(-25 * time.Hour), "2026-11-21 12:00"},
		{now.Add(48 * time.Hour), "2026-11-24 13:00"},
	} {
		if got := formatTime(c.at, now, east); got != c.want {
			t.Errorf("%v is %q, want %q", c.at, got, c.want)
		}
	}
}

func TestAHundredPercentIsOnlySaidWhenAllIsThere(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		want        int
	}{{0, 0, 0}, {5, 0, 0}, {999, 1000, 99}, {1000, 1000, 100}, {1001, 1000, 100}, {1 << 62, 1<<62 + 1<<55, 99}} {
		if got := percent(c.done, c.total); got != c.want {
			t.Errorf("%d of %d is %d%%, want %d%%", c.done, c.total, got, c.want)
		}
	}
}
