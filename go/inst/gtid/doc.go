// Package gtid holds sets of global transaction identifiers as MySQL and as MariaDB write them. The two have nothing in
// common but the name, so they are two types; Guess tells which one a text is.
//
// Sets are values: no method changes its receiver or argument, and all may be used from many goroutines. Texts longer than
// MaxText are refused; every operation takes time in the order of the sizes of its sets times their logarithm.
//
// The package imports the standard library only.
package gtid

import (
	"errors"
	"fmt"
	"strings"
)

// MaxText is the longest text that is parsed, in bytes. The longest sets seen in practice have some hundred kilobytes.
const MaxText = 8 << 20

// ErrTooLong is wrapped when a text exceeds MaxText.
var ErrTooLong = errors.New("GTID set is too long")

// Kind is the family that a text belongs to.
type Kind string

const (
	KindEmpty   Kind = "empty"
	KindMySQL   Kind = "MySQL"
	KindMariaDB Kind = "MariaDB"
)

// Guess says what a text is; the error says that it is neither.
func Guess(text string) (Kind, error) {
	if len(text) > MaxText {
		return "", ErrTooLong
	}
	if strings.Trim(text, space+",") == "" {
		return KindEmpty, nil
	}
	_, errMySQL := ParseMySQL(text)
	if errMySQL == nil {
		return KindMySQL, nil
	}
	if _, err := ParseMariaDB(text); err == nil {
		return KindMariaDB, nil
	}
	return "", fmt.Errorf("neither a GTID set of MySQL nor one of MariaDB: %w", errMySQL)
}

// space is what servers skip between the parts of a set.
const space = " \t\n\v\f\r"

func quoted(s string) string {
	if len(s) > 60 {
		s = s[:60] + "..."
	}
	return fmt.Sprintf("%q", s)
}
