package cli

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
)

// none stands where there is nothing to show.
const none = "-"

// formatBytes shows a size in binary units with three digits at most: 512 B, 1.5 KiB, 114 GiB.
func formatBytes(n int64) string {
	if n < 0 {
		return none
	}
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n), -1
	for v >= 1024 && unit < 5 {
		v, unit = v/1024, unit+1
		if math.Round(v) >= 1024 && unit < 5 { // 1023.9 KiB is 1.0 MiB
			v, unit = v/1024, unit+1
		}
	}
	if v < 99.95 {
		return fmt.Sprintf("%.1f %ciB", v, "KMGTPE"[unit])
	}
	return fmt.Sprintf("%.0f %ciB", v, "KMGTPE"[unit])
}

// formatRate shows bytes per second; "-" when nothing moves.
func formatRate(perSecond int64) string {
	if perSecond <= 0 {
		return none
	}
	return formatBytes(perSecond) + "/s"
}

// formatDuration shows two units at most: 0.4s, 12s, 3m04s, 2h05m, 3d04h.
func formatDuration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + formatDuration(-d)
	case d < 950*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 59500*time.Millisecond:
		return fmt.Sprintf("%.0fs", d.Seconds())
	}
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s%3600/60)
	}
	return fmt.Sprintf("%dd%02dh", s/86400, s%86400/3600)
}

// formatETA shows the time left in seconds; "" when it is not known.
func formatETA(seconds int64) string {
	if seconds < 0 {
		return ""
	}
	return formatDuration(time.Duration(seconds)*time.Second) + " left"
}

// formatTime shows a time near now as the distance to it, another as a local time.
func formatTime(t, now time.Time, loc *time.Location) string {
	if t.IsZero() {
		return none
	}
	switch d := now.Sub(t); {
	case d > -time.Second && d < time.Second:
		return "now"
	case d > 0 && d < 24*time.Hour:
		return formatDuration(d) + " ago"
	case d < 0 && d > -24*time.Hour:
		return "in " + formatDuration(-d)
	}
	return t.In(loc).Format("2006-01-02 15:04")
}

// formatProgress shows how far a copy is: "1.2 GiB of 4.0 GiB (30%)"; "" before the first byte.
func formatProgress(done, total int64) string {
	switch {
	case total > 0:
		return fmt.Sprintf("%s of %s (%d%%)", formatBytes(done), formatBytes(total), percent(done, total))
	case done > 0:
		return formatBytes(done)
	}
	return ""
}

// formatShare is formatProgress in less room: "30%  3.0/10.0 GiB".
func formatShare(done, total int64) string {
	if total <= 0 {
		return formatProgress(done, total)
	}
	d, t := formatBytes(done), formatBytes(total)
	if number, ok := strings.CutSuffix(d, t[strings.LastIndexByte(t, ' '):]); ok {
		d = number
	}
	return fmt.Sprintf("%d%%  %s/%s", percent(done, total), d, t)
}

// percent is between 0 and 100, and 100 only when all is done.
func percent(done, total int64) int {
	if total <= 0 || done <= 0 {
		return 0
	}
	if done >= total {
		return 100
	}
	return int(float64(done) / float64(total) * 100)
}

// plain makes text from elsewhere harmless for a terminal: one line, no control characters.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// plainLines is plain that leaves lines and tabs.
func plainLines(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}
