package cli

import "testing"

func TestBandwidthIsWrittenAsPeopleDo(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1048576": 1 << 20, "50M": 50 << 20, "1.5G": 3 << 29, "800k": 800 << 10, "10MiB/s": 10 << 20, "10 MB": 10 << 20, "7B": 7, "0.5K": 512,
	} {
		var b bandwidth
		if err := b.UnmarshalText([]byte(text)); err != nil || int64(b) != want {
			t.Errorf("%q is %d, %v; want %d", text, b, err, want)
		}
	}
	for _, text := range []string{"", "-1", "fast", "50T", "1.5.5M", "0.2", "1e9", "99999999999G", "M", "50M0"} {
		var b bandwidth
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken for %d", text, b)
		}
	}
}

func FuzzBandwidth(f *testing.F) {
	for _, text := range []string{"0", "50M", "1.5G", "800KiB/s", "9 B"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var b bandwidth
		if err := b.UnmarshalText([]byte(text)); err == nil && b < 0 {
			t.Errorf("%q is %d", text, b)
		}
	})
}
