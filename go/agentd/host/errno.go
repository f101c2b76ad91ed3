package host

import (
	"errors"

	"github.com/go-sql-driver/mysql"
)

// Errno is the number of the MySQL server's error within err; 0 when err is none of a server's, e.g. a lost connection.
func Errno(err error) uint16 {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}
