package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// timeLayout is how times are written; both dialects compare and sort it rightly.
const timeLayout = "2006-01-02 15:04:05.000000"

// dbTime is the argument for a time: UTC text with microseconds, NULL for the zero time.
func dbTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(timeLayout)
}

// orNow is dbTime for columns that are never NULL.
func (s *Store) orNow(t time.Time) any {
	if t.IsZero() {
		t = s.clock.Now()
	}
	return dbTime(t)
}

// stored is t as it comes back from the database.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// timeInto scans a time column into T: NULL and MySQL's zero date become the zero time.
type timeInto struct{ T *time.Time }

func (s timeInto) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*s.T = time.Time{}
		return nil
	case time.Time:
		*s.T = v.UTC()
		return nil
	case []byte:
		return s.parse(string(v))
	case string:
		return s.parse(v)
	}
	return fmt.Errorf("time column holds %T", src)
}

func (s timeInto) parse(text string) error {
	t, err := parseTime(text)
	if err != nil {
		return err
	}
	*s.T = t
	return nil
}

func parseTime(text string) (time.Time, error) {
	if text == "" || strings.HasPrefix(text, "0000-00-00") {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateTime, text) // takes a fraction as well
	if err != nil {
		return time.Time{}, fmt.Errorf("time column: %w", err)
	}
	return t, nil
}

// jsonInto scans a JSON column into V; NULL leaves V alone.
type jsonInto struct{ V any }

func (s jsonInto) Scan(src any) error {
	var text []byte
	switch v := src.(type) {
	case nil:
		return nil
	case []byte:
		text = v
	case string:
		text = []byte(v)
	default:
		return fmt.Errorf("JSON column holds %T", src)
	}
	if err := json.Unmarshal(text, s.V); err != nil {
		return fmt.Errorf("JSON column: %w", err)
	}
	return nil
}

func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// text makes s fit for a text column: MySQL refuses what is not UTF-8.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// listAtOne is how many values one statement's IN list is given.
const listAtOne = 1000

// list is the right side of IN for n values; no value is in that of none.
func list(n int) string {
	if n == 0 {
		return "(NULL)"
	}
	return "(?" + strings.Repeat(", ?", n-1) + ")"
}

// anys are values as arguments of a statement.
func anys[T any](values []T) []any {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return args
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
