package snapshot

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Mount is a line of /proc/self/mountinfo.
type Mount struct {
	Device     string // major:minor
	Root       string // what of the file system is mounted: / or a directory of it
	Point      string
	FileSystem string
	Source     string // /dev/mapper/vg0-mysql
	Options    string // of the file system
}

// Mounts reads what is mounted for this process.
func Mounts() ([]Mount, error) {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	return ParseMounts(string(b)), nil
}

// ParseMounts reads the text of mountinfo; lines that are none are left out.
func ParseMounts(text string) []Mount {
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var mounts []Mount
	for line := range strings.Lines(text) {
		left, right, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		l, r := strings.Split(left, " "), strings.SplitN(right, " ", 3)
		if !ok || len(l) < 6 || len(r) < 2 || !strings.Contains(l[2], ":") {
			continue
		}
		m := Mount{Device: l[2], Root: unescape.Replace(l[3]), Point: unescape.Replace(l[4]), FileSystem: r[0], Source: unescape.Replace(r[1])}
		if len(r) == 3 {
			m.Options = unescape.Replace(r[2])
		}
		mounts = append(mounts, m)
	}
	return mounts
}

// Find finds the mount on which a path lies, links resolved by the caller. Of several on one point the last counts.
func Find(mounts []Mount, path string) (Mount, bool) {
	var best Mount
	found := false
	for _, m := range mounts {
		if m.Point != path && !below(path, m.Point) || found && len(m.Point) < len(best.Point) {
			continue
		}
		best, found = m, true
	}
	return best, found
}

// At finds what is mounted on a point itself.
func At(mounts []Mount, point string) (Mount, bool) {
	m, found := Find(mounts, filepath.Clean(point))
	return m, found && m.Point == filepath.Clean(point)
}
