// Package dumpsql is the SQL text of dumps: cutting it into statements as a client program does, quoting, and small parsers
// of statements that servers print. It imports the standard library only and holds no connection.
package dumpsql
