package datadir

import "github.com/orchestrator-seed/orchestrator-seed/go/agentd/snapshot"

// mountPoints are all that this process sees.
func mountPoints() ([]string, error) {
	mounts, err := snapshot.Mounts()
	points := make([]string, 0, len(mounts))
	for _, m := range mounts {
		points = append(points, m.Point)
	}
	return points, err
}
