// Package mysqldump is the seed method Mysqldump: the target dumps the source over the network with mysqldump or
// mariadb-dump, and loads the dump into its own server in parallel streams.
//
// Backup reads the tool's output, cuts it at the borders of its sections and keeps it compressed (package dumpfile); the
// accounts are read from the source as statements (package dumpaccounts), because the tables of the schema mysql are not
// the same in each version. The dump counts as complete when the tool ended with 0, the closing line was seen, nothing on
// stderr was an error, and the accounts were the same before and after.
//
// Restore proves the dump first, and only then drops the target's user schemas. Everything is loaded by statements sent
// from here, with the binary log off; events end disabled as on any replica. It may be started again at any time: it
// begins with dropping what an earlier attempt has loaded.
//
// It imports agentapi, agentd/host, the packages method and method/dump*; no driver.
package mysqldump
