package method

import "testing"

func TestSizesAreRoundedUpInBinaryUnits(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 9999: "9999 bytes", 10 << 10: "10 KiB", 1 << 20: "1 MiB", 1<<20 + 1: "2 MiB", 10<<30 - 1: "10240 MiB", 10<<30 + 1: "11 GiB"} {
		if got := Size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
