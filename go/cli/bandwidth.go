package cli

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// bandwidth is bytes a second, written as 50M, 1.5G, 800KiB/s or a plain number.
type bandwidth int64

var bandwidthText = regexp.MustCompile(`^(\d{1,15}(?:\.\d{1,3})?) ?(?:([KMGkmg])(?:i?B)?|B)?(?:/s)?$`)

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *bandwidth) UnmarshalText(text []byte) error {
	wrong := fmt.Errorf("%q is no bandwidth: write 50M, 1.5G or a number of bytes a second, 0 for no bound", text)
	parts := bandwidthText.FindStringSubmatch(string(text))
	if parts == nil {
		return wrong
	}
	n, err := strconv.ParseFloat(parts[1], 64)
	if err != nil {
		return wrong
	}
	switch parts[2] {
	case "K", "k":
		n *= 1 << 10
	case "M", "m":
		n *= 1 << 20
	case "G", "g":
		n *= 1 << 30
	}
	if n >= math.MaxInt64/2 || n > 0 && n < 1 {
		return wrong
	}
	*b = bandwidth(math.Round(n))
	return nil
}

// boundWords say what the bound on a copy is.
func boundWords(bytesPerSecond int64) string {
	if bytesPerSecond == 0 {
		return "no bound on the copy"
	}
	return "the copy is bounded to " + formatRate(bytesPerSecond)
}
