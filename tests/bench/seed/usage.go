package main

import (
	"os"
	"strconv"
	"strings"
)

// usage is what one run took, in seconds. cpu is that of the tools, and for a seed of both agents and their tools; not that
// of the servers. copy is how long the data was on its way, where that is a part of its own; else 0.
type usage struct{ took, cpu, copy float64 }

// cpuOf is the CPU seconds of a process and of those that it has waited for.
func cpuOf(pid int) float64 {
	const ticks = 100 // a second; the same on every Linux that this runs on
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	var sum float64
	fields := strings.Fields(rest)
	for _, i := range []int{11, 12, 13, 14} { // utime, stime, and those of its children
		if i >= len(fields) {
			return 0
		}
		n, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return 0
		}
		sum += n
	}
	return sum / ticks
}

// peakMiB is the most memory that a process ever had, in MiB; 0 when it can't be told.
func peakMiB(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0
	}
	return kib >> 10
}

// over is a ratio in words; a way by hand that runs no tool of its own, only the servers, has none.
func over(seed, byHand float64) string {
	if byHand < 0.05 {
		return "-"
	}
	return strconv.FormatFloat(seed/byHand, 'f', 2, 64)
}
