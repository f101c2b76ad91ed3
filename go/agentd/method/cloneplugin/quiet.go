package cloneplugin

import (
	"context"
	"database/sql"
)

// checkQuiet refuses the clone of a replica where nothing can keep it from replicating.
func checkQuiet(ctx context.Context, src *sql.DB, target version) error {
	if target.AtLeast(8, 0, 24) {
		return nil
	}
	channels, err := column(ctx, src, "SELECT channel_name FROM performance_schema.replication_connection_configuration")
	if err != nil {
		return queryError(err, "read the source's replication channels")
	}
	if len(channels) > 0 {
		return permanent(CodeServer, "upgrade MySQL on both hosts, clone a server that is no replica, or use another method", nil,
			"the source is a replica, and MySQL %s on the target can't be kept from replicating from the source's source when it starts on the clone", target.Version)
	}
	return nil
}
