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
