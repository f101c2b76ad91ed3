package btrfs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// details are what `btrfs subvolume show` says of a subvolume.
type details struct {
	uuid, parent string // parent: of what it is a snapshot
	created      time.Time
	readonly     bool
}

func (b *Btrfs) show(ctx context.Context, path string) (details, error) {
	out, err := b.o.Commands.Output(ctx, limit, "btrfs", "subvolume", "show", path)
	if err != nil {
		return details{}, fmt.Errorf("look at subvolume %s: %w", path, err)
	}
	d, err := parseShow(out)
	if err != nil {
		return details{}, fmt.Errorf("look at subvolume %s: %w", path, err)
	}
	return d, nil
}

func parseShow(text string) (details, error) {
	var d details
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(strings.TrimSpace(line), ":")
		if key == "Snapshot(s)" {
			break // names follow, which may look like anything
		}
		if value = strings.TrimSpace(value); !found || value == "" || value == "-" {
			continue
		}
		switch key {
		case "UUID":
			d.uuid = value
		case "Parent UUID":
			d.parent = value
		case "Creation time":
			d.created, _ = time.Parse("2006-01-02 15:04:05 -0700", value)
		case "Flags":
			d.readonly = strings.Contains(value, "readonly")
		}
	}
	if d.uuid == "" {
		return d, errors.New("btrfs printed no UUID")
	}
	return d, nil
}
