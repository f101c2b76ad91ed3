package config

import (
	"fmt"
	"strings"
)

// unknownKey is the warning for a key that nobody knows, with the nearest known name when one is near.
func unknownKey(name string, keys map[string]Key, ignored map[string]string) Warning {
	names := make(map[string]string, len(keys)+len(ignored))
	for lower, known := range ignored {
		names[lower] = known
	}
	for lower, k := range keys {
		names[lower] = k.Name
	}
	lower := strings.ToLower(name)
	best, distance := "", 1+len(name)/3
	for l, known := range names {
		if d := editDistance(lower, l); d < distance || d == distance && best != "" && known < best {
			best, distance = known, d
		}
	}
	w := Warning{Key: name, Message: fmt.Sprintf("The key %q is not known and has no effect.", name)}
	if best != "" {
		w.Message += fmt.Sprintf(" Did you mean %q?", best)
	}
	return w
}

// editDistance is the number of bytes to insert, remove or replace to make b of a.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
