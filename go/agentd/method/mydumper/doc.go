// Package mydumper is the seed method Mydumper: mydumper and myloader carry the rows, with threads, compressed, each file of
// a table or a part of one.
//
// Everything else (definitions, accounts, the order of loading, what must be proven before anything is dropped, what is ended
// and put back afterwards) is package mysqldump's, whose Carrier this is: mydumper 0.10 knows no sequences or packages, drops
// the order of triggers, and would leave events enabled. What it can't carry of the rows is refused by name in Backup.
//
// The rows lie in the directory "rows" of the seed's own. They count as complete when mydumper ended with 0, reported no
// error, wrote the end of its metadata file, and left a file for each table; what proves them later is the list of these
// files with sizes and hashes, in the dump's index.
//
// It imports agentapi, agentd/host, the packages method, mysqldump and dumpsql; no driver.
package mydumper
