package method

import "fmt"

// Size is a number of bytes for people, in binary units and rounded up: "12 MiB".
func Size(n int64) string {
	const kib, mib, gib = 1 << 10, 1 << 20, 1 << 30
	switch {
	case n >= 10*gib:
		return fmt.Sprintf("%d GiB", (n+gib-1)/gib)
	case n >= mib:
		return fmt.Sprintf("%d MiB", (n+mib-1)/mib)
	case n >= 10*kib:
		return fmt.Sprintf("%d KiB", (n+kib-1)/kib)
	}
	return fmt.Sprintf("%d bytes", n)
}
