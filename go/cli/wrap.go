package cli

import (
	"strings"
	"unicode/utf8"
)

// narrowestColumn is what a column keeps when a table is made to fit a terminal.
const narrowestColumn = 12

// fit makes the widest columns narrower until all of them, two blanks apart, fit into total columns; 0 is no bound.
func fit(width []int, total int) {
	if total <= 0 {
		return
	}
	for sum(width)+2*(len(width)-1) > total {
		widest := 0
		for i, w := range width {
			if w > width[widest] {
				widest = i
			}
		}
		if width[widest] <= narrowestColumn {
			return
		}
		width[widest]--
	}
}

func sum(width []int) int {
	n := 0
	for _, w := range width {
		n += w
	}
	return n
}

// wrap cuts text into lines of at most width columns, between words where it can; at least one line.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
		for r := []rune(line); len(r) > width && width > 0; r = []rune(line) {
			lines, line = append(lines, string(r[:width])), string(r[width:])
		}
	}
	return append(lines, line)
}
