package main

import "context"

// linearXFS: the source on XFS with little room in its group, the target on ext4 in a directory beside lost+found.
func linearXFS(ctx context.Context, source, target string) error {
	return runAll(ctx, "vgcreate -q src "+source, "vgcreate -q tgt "+target,
		"lvcreate -q -y -L 1200M -n mysql src", "lvcreate -q -y -L 1200M -n mysql tgt",
		"mkfs.xfs -q -f /dev/src/mysql", "mkfs.ext4 -q -F /dev/tgt/mysql",
		"mount /dev/src/mysql "+root+"/source", "mount /dev/tgt/mysql "+root+"/target")
}

// thinExt4: the source on ext4 on a thin volume, the target on XFS.
func thinExt4(ctx context.Context, source, target string) error {
	return runAll(ctx, "vgcreate -q src "+source, "vgcreate -q tgt "+target,
		"lvcreate -q -y -L 1200M -T src/pool -V 1100M -n my-sql", "lvcreate -q -y -L 1200M -n mysql tgt",
		"mkfs.ext4 -q -F /dev/src/my-sql", "mkfs.xfs -q -f /dev/tgt/mysql",
		"mount /dev/src/my-sql "+root+"/source", "mount /dev/tgt/mysql "+root+"/target")
}
